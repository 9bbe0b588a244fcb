package io.pandofs.tools.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests, answers, progress and refusals over the socket. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AdminChannelTest {
  @TempDir Path dir;

  private AdminServer server;

  @BeforeEach
  void open() throws Refusal {
    server = AdminServer.open(dir);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private AdminClient client() {
    return new AdminClient(dir);
  }

  @Test
  void anAnswerComesAfterItsProgress() throws Refusal {
    server.add(
        "double",
        (request, progress) -> {
          progress.say("thinking");
          progress.say("still \"thinking\"\n");
          return Map.of("number", request.number("number") * 2);
        });
    List<String> said = new ArrayList<>();
    assertThat(client().call("double", Map.of("number", 21), said::add).number("number"))
        .isEqualTo(42);
    assertThat(said).containsExactly("thinking", "still \"thinking\"\n");
  }

  @Test
  void refusalsAndFailuresAreToldAndHarmNobody() throws Refusal {
    server.add(
        "no",
        (request, progress) -> {
          throw new Refusal("Not today.");
        });
    server.add(
        "broken",
        (request, progress) -> {
          throw new IllegalStateException("bug");
        });
    server.add("yes", (request, progress) -> Map.of());
    assertThatThrownBy(() -> client().call("no", Map.of(), text -> {})).hasMessage("Not today.");
    assertThatThrownBy(() -> client().call("broken", Map.of(), text -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("bug");
    assertThatThrownBy(() -> client().call("other", Map.of(), text -> {}))
        .hasMessageContaining("does not know 'other'");
    client().call("yes", Map.of(), text -> {});
  }

  @Test
  void onlyTheOwnerCanComeIn() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir)))
        .isEqualTo("rwx------");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("admin.sock"))))
        .isEqualTo("rw-------");
  }

  @Test
  void withoutADaemonThereIsASentence() throws IOException, Refusal {
    server.close();
    assertThatThrownBy(() -> client().call("yes", Map.of(), text -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("No daemon runs on");
    assertThatThrownBy(() -> new AdminClient(dir.resolve("none")).call("yes", Map.of(), text -> {}))
        .hasMessageContaining("No daemon runs on");
  }

  @Test
  void aSocketThatADeadDaemonLeftIsReplaced() throws IOException, Refusal {
    server.close();
    Files.createFile(dir.resolve("admin.sock"));
    server = AdminServer.open(dir);
    server.add("yes", (request, progress) -> Map.of());
    client().call("yes", Map.of(), text -> {});
  }

  @Test
  void aTooLongOrMalformedRequestIsRefused() throws IOException, Refusal {
    server.add("yes", (request, progress) -> Map.of());
    assertThatThrownBy(() -> client().call("yes", Map.of("much", "x".repeat(100_000)), text -> {}))
        .isInstanceOf(Refusal.class);
    try (SocketChannel channel =
        SocketChannel.open(UnixDomainSocketAddress.of(dir.resolve("admin.sock")))) {
      AdminSocket.writeLine(channel, "[1,");
      ByteBuffer answer = ByteBuffer.allocate(1000);
      channel.read(answer);
      assertThat(new String(answer.array(), 0, answer.position())).contains("\"ok\":false");
    }
    client().call("yes", Map.of(), text -> {});
  }

  @Test
  void aDaemonThatStandsStillIsNotWaitedForLongerThanAsked() throws Exception {
    server.add("yes", (request, progress) -> Map.of("said", "yes"));
    Duration patience = Duration.ofSeconds(30);
    assertThat(client().call("yes", Map.of(), patience).text("said")).isEqualTo("yes");
    CountDownLatch never = new CountDownLatch(1);
    server.add(
        "still",
        (request, progress) -> {
          never.await();
          return Map.of();
        });
    assertThatThrownBy(() -> client().call("still", Map.of(), Duration.ofMillis(200)))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("does not answer");
  }

  @Test
  void closingEndsACommandThatRuns() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    server.add(
        "long",
        (request, progress) -> {
          begun.countDown();
          new CountDownLatch(1).await();
          return Map.of();
        });
    Thread closer =
        new Thread(
            () -> {
              try {
                begun.await();
                server.close();
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    closer.start();
    assertThatThrownBy(() -> client().call("long", Map.of(), text -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("stopping");
    closer.join();
  }
}
