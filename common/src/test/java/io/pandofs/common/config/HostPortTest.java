package io.pandofs.common.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HostPortTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a:1",
        "node-1.example.org:7440",
        "10.0.0.1:65535",
        "[::1]:7440",
        "[fe80::1%eth0]:1"
      })
  void isWrittenAsItWasRead(String text) {
    assertThat(HostPort.parse(text)).map(HostPort::toString).contains(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "a",
        "a:",
        ":1",
        "a:0",
        "a:65536",
        "a:x",
        "::1:7440",
        "[::1]",
        "[]:1",
        "a b:1",
        "[a]:1",
        "-a:1",
        "a:-1",
        "a:123456"
      })
  void isRefused(String text) {
    assertThat(HostPort.parse(text)).isEmpty();
  }

  @Test
  void thePortMayBeLeftOutWhereThereIsAUsualOne() {
    assertThat(HostPort.parse("[::1]", 7440)).contains(new HostPort("::1", 7440));
    assertThat(HostPort.parse("[::1]:5", 7440)).contains(new HostPort("::1", 5));
    assertThat(HostPort.parse("node-1.example.org", 7440).map(HostPort::port)).contains(7440);
    assertThat(HostPort.parse("10.0.0.1:5", 7440)).contains(new HostPort("10.0.0.1", 5));
    for (String bad : new String[] {"", "a:", "a:0", "a:70000", "a:b", "::1", "[]", "[a]", "a b"}) {
      assertThat(HostPort.parse(bad, 7440)).as(bad).isEmpty();
    }
  }

  @Test
  void wildcardIsAdvertisedAsTheMachine() {
    HostPort all = new HostPort("0.0.0.0", 5);
    HostPort one = new HostPort("10.0.0.1", 5);
    assertThat(new Endpoint(all, null).advertised("m")).isEqualTo(new HostPort("m", 5));
    assertThat(new Endpoint(new HostPort("::", 5), null).advertised("m").host()).isEqualTo("m");
    assertThat(new Endpoint(one, null).advertised("m")).isEqualTo(one);
    assertThat(new Endpoint(all, one).advertised("m")).isEqualTo(one);
  }
}
