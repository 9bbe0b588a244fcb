package io.pandofs.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminServer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a command says to a script. */
final class ExitCodeTest {
  @TempDir Path dir;

  @Test
  void aMistakeThatTheDaemonSeesIsToldApartFromARefusal() throws Exception {
    try (AdminServer daemon = AdminServer.open(dir)) {
      String[] set = {"volume", "set", "copies=9", "--data", dir.toString()};
      daemon.add(
          "volume-set",
          (request, progress) -> {
            throw Refusal.ofUsage("Nine are too many.");
          });
      assertThat(Pando.run(set)).isEqualTo(ExitCode.USAGE);
      daemon.add(
          "volume-set",
          (request, progress) -> {
            throw new Refusal("Not now.");
          });
      assertThat(Pando.run(set)).isEqualTo(ExitCode.FAILED);
      daemon.add("volume-set", (request, progress) -> Map.of());
      assertThat(Pando.run(set)).isEqualTo(ExitCode.OK);
    }
  }

  @Test
  void whatEverybodyTriesFirstWorks() {
    for (String first : new String[] {"--help", "-h", "help", "--version", "-V", "version"}) {
      assertThat(Pando.run(first)).as(first).isEqualTo(ExitCode.OK);
    }
    assertThat(Pando.run()).isEqualTo(ExitCode.USAGE);
    assertThat(Pando.run("--nonsense")).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void aMangledTokenIsAMistakeOfUsage() {
    String mount = dir.resolve("mount").toString();
    assertThat(Pando.run("join", "127.0.0.1:1", "--token", "nonsense", "--mount", mount))
        .isEqualTo(ExitCode.USAGE);
  }
}
