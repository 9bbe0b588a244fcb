package io.pandofs.tools.dev;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ProcessRefTest {
  private Process child;

  @BeforeEach
  void start() throws IOException {
    child = new ProcessBuilder("sleep", "600").start();
  }

  @AfterEach
  void end() throws InterruptedException {
    child.destroyForcibly().waitFor();
  }

  @Test
  void isKnownAgainFromItsText() throws IOException {
    ProcessRef ref = ProcessRef.of(child.pid());
    assertThat(ProcessRef.parse(ref.toText())).contains(ref);
    assertThat(ref.state()).isEqualTo(ProcessRef.State.RUNNING);
    assertThat(ProcessRef.parse("nonsense")).isEmpty();
    assertThat(ProcessRef.parse("1 2")).isEmpty();
  }

  @Test
  void anotherProcessWithItsNumberIsNotIt() throws IOException {
    ProcessRef ref = ProcessRef.of(child.pid());
    assertThat(new ProcessRef(ref.pid(), ref.startTicks() + 1, ref.boot()).state())
        .isEqualTo(ProcessRef.State.GONE);
    assertThat(new ProcessRef(ref.pid(), ref.startTicks(), "another-boot").state())
        .isEqualTo(ProcessRef.State.GONE);
  }

  @Test
  void aRecycledNumberIsNeverSignalled() throws IOException, Refusal, InterruptedException {
    ProcessRef ref = ProcessRef.of(child.pid());
    Signals.send(new ProcessRef(ref.pid(), ref.startTicks() + 1, ref.boot()), "KILL");
    assertThat(child.isAlive()).isTrue();
  }

  @Test
  void isPausedResumedAndKilled() throws IOException, Refusal, InterruptedException {
    ProcessRef ref = ProcessRef.of(child.pid());
    Signals.send(ref, "STOP");
    Awaitility.await().until(() -> ref.state() == ProcessRef.State.PAUSED);
    Signals.send(ref, "CONT");
    Awaitility.await().until(() -> ref.state() == ProcessRef.State.RUNNING);
    assertThat(Signals.awaitEnd(ref, Duration.ofMillis(50))).isFalse();
    Signals.send(ref, "KILL");
    assertThat(Signals.awaitEnd(ref, Duration.ofSeconds(10))).isTrue();
    assertThat(ref.state()).isEqualTo(ProcessRef.State.GONE);
  }
}
