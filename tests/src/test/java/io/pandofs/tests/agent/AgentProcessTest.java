package io.pandofs.tests.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AgentProcessTest {
  @Test
  void answersWithErrnosAndFields(@TempDir Path directory) {
    try (AgentProcess agent = AgentProcess.start(directory)) {
      assertThat(agent.ask("root " + directory.resolve("run")).ok()).isTrue();
      assertThat(agent.ask("open 0 missing O_RDONLY 0")).isEqualTo(new Answer("ENOENT"));
      assertThat(agent.ask("put a 5000 7").ok()).isTrue();
      assertThat(agent.ask("lstat a").field("size")).isEqualTo("5000");
      assertThat(agent.ask("no-such-verb").fault()).isTrue();
      assertThat(agent.ask("wipe").ok()).isTrue();
      assertThat(directory).isEmptyDirectory();
    }
  }

  @Test
  void oneThatDoesNotAnswerIsKilledAndSaidToBeStuck(@TempDir Path directory)
      throws IOException, InterruptedException {
    AgentProcess agent = AgentProcess.start(directory, Duration.ofMillis(300));
    assertThat(agent.ask("umask 022").ok()).isTrue();
    // The shell's own kill: a bare machine need not have the program.
    String stop = "kill -STOP " + agent.pid();
    assertThat(new ProcessBuilder("bash", "-c", stop).start().waitFor()).isZero();
    assertThat(agent.ask("umask 022").stuck()).isTrue();
    assertThat(agent.ask("umask 022").stuck()).as("and stays so").isTrue();
    agent.close();
    assertThat(ProcessHandle.of(agent.pid()).map(ProcessHandle::isAlive).orElse(false)).isFalse();
  }

  @Test
  void aLocalDirectoryHasNoFuseConnection() {
    assertThat(FuseConnection.minorOf(LocalDirectories.reference())).isEmpty();
    assertThat(FuseConnection.abort(LocalDirectories.reference())).isFalse();
  }
}
