package io.pandofs.common.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class UnprovedTest {
  private static final InetSocketAddress A = new InetSocketAddress("192.0.2.1", 1);
  private static final InetSocketAddress B = new InetSocketAddress("192.0.2.2", 1);
  private static final InetSocketAddress C = new InetSocketAddress("192.0.2.3", 1);

  private final Unproved<String> unproved = new Unproved<>(4, 2);

  @Test
  void theOldestGoesOfTheSameAddressFirst() {
    assertThat(unproved.add("b1", B)).isNull();
    assertThat(unproved.add("a1", A)).isNull();
    assertThat(unproved.add("a2", A)).isNull();
    assertThat(unproved.add("a3", A)).isEqualTo("a1");
    assertThat(unproved.add("c1", C)).isNull();
    assertThat(unproved.add("c2", C)).as("of all").isEqualTo("b1");
    assertThat(unproved.add("a4", A)).isEqualTo("a2");
  }

  @Test
  void whoEndsOrProvesItselfMakesRoom() {
    unproved.add("a1", A);
    unproved.add("a2", A);
    unproved.remove("a1");
    assertThat(unproved.add("a3", A)).isNull();
    assertThat(unproved.add("a4", A)).isEqualTo("a2");
  }
}
