package io.pandofs.tests.coherence;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tests.agent.Agent;
import io.pandofs.tests.agent.AgentProcess;
import io.pandofs.tests.agent.Answer;
import io.pandofs.tests.agent.LocalDirectories;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The checker judged by one directory under three names, and by agents that remember too long. */
final class CoherenceCheckerTest {
  /**
   * Answers every third look of one verb with what it saw at the same look before, as a cache with
   * a timeout would.
   */
  private static final class Remembers implements Agent {
    private final Agent honest;
    private final String verb;
    private final Map<String, Answer> seen = new HashMap<>();
    private int looks;

    Remembers(Agent honest, String verb) {
      this.honest = honest;
      this.verb = verb;
    }

    @Override
    public Answer ask(String line) {
      Answer real = honest.ask(line);
      if (!line.startsWith(verb + " ")) {
        return real;
      }
      Answer before = seen.put(line, real);
      return before != null && ++looks % 3 == 0 ? before : real;
    }

    @Override
    public void close() {
      honest.close();
    }
  }

  @Test
  void oneDirectoryThreeTimesIsNeverStale(@TempDir Path directory) {
    List<Path> mounts = List.of(directory, directory, directory);
    try (CoherenceChecker checker =
        CoherenceChecker.of(mounts, LocalDirectories.reference(), true)) {
      Report report = checker.run(1, 2000);
      assertThat(report.stale()).as(report.toString()).isEmpty();
      assertThat(report.acts().keySet())
          .contains(
              "put",
              "append",
              "pwrite",
              "write",
              "ftruncate",
              "truncate",
              "rename",
              "unlink",
              "mkdir",
              "rmdir",
              "link",
              "symlink",
              "chmod",
              "lchown",
              "utimes",
              "setxattr",
              "removexattr");
    }
  }

  @Test
  void aCachedStatIsConvicted(@TempDir Path directory) {
    convicts(directory, "lstat");
  }

  @Test
  void cachedContentIsConvicted(@TempDir Path directory) {
    convicts(directory, "get");
  }

  @Test
  void aCachedListingIsConvicted(@TempDir Path directory) {
    convicts(directory, "readdir");
  }

  private static void convicts(Path directory, String verb) {
    List<Agent> agents =
        List.of(AgentProcess.start(directory), new Remembers(AgentProcess.start(directory), verb));
    try (CoherenceChecker checker =
        CoherenceChecker.of(
            agents, List.of(directory, directory), LocalDirectories.reference(), false)) {
      Report report = checker.run(1, 200);
      assertThat(report.stale()).as(report.toString()).isNotEmpty();
      assertThat(report.stale())
          .allSatisfy(s -> assertThat(s.look()).startsWith(verb))
          .allSatisfy(s -> assertThat(s.observer()).isEqualTo(2));
    }
  }
}
