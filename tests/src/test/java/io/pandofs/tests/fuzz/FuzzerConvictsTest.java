package io.pandofs.tests.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tests.agent.Agent;
import io.pandofs.tests.agent.Answer;
import io.pandofs.tests.agent.LocalDirectories;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * A fuzzer is believed only after it has convicted filesystems that lie, each in one way, and told
 * how in a few lines.
 */
final class FuzzerConvictsTest {
  /** Stands before a right filesystem and bends one thing. */
  private abstract static class Liar implements Agent {
    final Agent honest;

    Liar(Agent honest) {
      this.honest = honest;
    }

    @Override
    public final Answer ask(String line) {
      return answer(line, line.split(" ", -1));
    }

    abstract Answer answer(String line, String[] words);

    @Override
    public void close() {
      honest.close();
    }
  }

  private static final class DropsAByte extends Liar {
    DropsAByte(Agent honest) {
      super(honest);
    }

    @Override
    Answer answer(String line, String[] words) {
      if (words[0].equals("pwrite") && Long.parseLong(words[3]) > 5000) {
        Answer real =
            honest.ask(
                "pwrite %s %s %d %s"
                    .formatted(words[1], words[2], Long.parseLong(words[3]) - 1, words[4]));
        return real.ok() ? new Answer("OK len=" + words[3]) : real;
      }
      return honest.ask(line);
    }
  }

  private static final class WrongErrno extends Liar {
    WrongErrno(Agent honest) {
      super(honest);
    }

    @Override
    Answer answer(String line, String[] words) {
      Answer real = honest.ask(line);
      return real.text().equals("ENOTEMPTY") ? new Answer("EEXIST") : real;
    }
  }

  private static final class LosesARename extends Liar {
    private int renames;

    LosesARename(Agent honest) {
      super(honest);
    }

    @Override
    Answer answer(String line, String[] words) {
      if (words[0].equals("root")) {
        renames = 0;
      }
      boolean lost =
          words[0].equals("rename") && ++renames % 3 == 0 && honest.ask("lstat " + words[1]).ok();
      return lost ? new Answer("OK") : honest.ask(line);
    }
  }

  private static final class StaleSize extends Liar {
    private final Map<String, Answer> seen = new HashMap<>();
    private boolean stale;

    StaleSize(Agent honest) {
      super(honest);
    }

    @Override
    Answer answer(String line, String[] words) {
      if (words[0].equals("root")) {
        seen.clear();
      }
      Answer real = honest.ask(line);
      if (words[0].equals("lstat")) {
        Answer before = seen.put(line, real);
        return stale && before != null ? before : real;
      }
      stale = words[0].equals("truncate");
      return real;
    }
  }

  private static final class PunchesNoHole extends Liar {
    PunchesNoHole(Agent honest) {
      super(honest);
    }

    @Override
    Answer answer(String line, String[] words) {
      boolean punch = words[0].equals("fallocate") && words[2].equals("3");
      return punch ? honest.ask("fallocate " + words[1] + " 3 1073741824 1") : honest.ask(line);
    }
  }

  private static final class ForgetsTheParentsTime extends Liar {
    ForgetsTheParentsTime(Agent honest) {
      super(honest);
    }

    @Override
    Answer answer(String line, String[] words) {
      Answer real = honest.ask(line);
      if (words[0].equals("unlink") && real.ok()) {
        int slash = words[1].lastIndexOf('/');
        honest.ask(
            "utimes " + (slash < 0 ? "." : words[1].substring(0, slash)) + " omit 1000000000.0");
      }
      return real;
    }
  }

  /**
   * A mount that hears nothing of the others: what was not there when it looked is not there until
   * it makes it itself.
   */
  private static final class HearsNothing extends Liar {
    private static final Set<String> LOOKS =
        Set.of("lstat", "stat", "get", "readdir", "chmod", "lchown", "truncate", "unlink", "rmdir");

    private final Set<String> missing = new HashSet<>();

    HearsNothing(Agent honest) {
      super(honest);
    }

    @Override
    Answer answer(String line, String[] words) {
      if (!LOOKS.contains(words[0])) {
        if (words[0].matches("root|rename|renameat2")) {
          missing.clear();
        }
        missing.removeAll(List.of(words));
        return honest.ask(line);
      }
      if (missing.contains(words[1])) {
        return new Answer("ENOENT");
      }
      Answer real = honest.ask(line);
      if (real.text().equals("ENOENT")) {
        missing.add(words[1]);
      }
      return real;
    }
  }

  @Test
  void oneMountThatHearsNothingOfTheOthers() {
    Path directory = LocalDirectories.reference();
    UnaryOperator<List<Agent>> second =
        agents -> List.of(agents.get(0), new HearsNothing(agents.get(1)), agents.get(2));
    try (Fuzzer fuzzer = Fuzzer.of(Collections.nCopies(3, directory), directory, "ext4", second)) {
      Conviction conviction = convicts(fuzzer);
      assertThat(conviction.operations().stream().map(line -> Call.parse(line).mount()).distinct())
          .as("mounts of %s", conviction)
          .containsExactlyInAnyOrder(1, 2);
    }
  }

  @Test
  void oneThatDropsAByte() {
    convicts(DropsAByte::new, "pwrite");
  }

  @Test
  void oneThatAnswersAnotherErrno() {
    convicts(WrongErrno::new, "mkdir");
  }

  @Test
  void oneThatLosesARename() {
    convicts(LosesARename::new, "rename");
  }

  @Test
  void oneThatShowsAnOldSize() {
    convicts(StaleSize::new, "truncate");
  }

  @Test
  void oneThatKeepsWhatWasPunched() {
    convicts(PunchesNoHole::new, "fallocate");
  }

  @Test
  void oneThatForgetsTheParentsTime() {
    convicts(ForgetsTheParentsTime::new, "unlink");
  }

  private static void convicts(UnaryOperator<Agent> planted, String verb) {
    Path directory = LocalDirectories.reference();
    UnaryOperator<List<Agent>> one = agents -> List.of(planted.apply(agents.get(0)));
    try (Fuzzer fuzzer = Fuzzer.of(List.of(directory), directory, "ext4", one)) {
      Conviction conviction = convicts(fuzzer);
      assertThat(conviction.operations())
          .as(conviction.toString())
          .anyMatch(line -> line.startsWith(verb));
    }
  }

  private static Conviction convicts(Fuzzer fuzzer) {
    Optional<Conviction> found = Optional.empty();
    for (long seed = 1; seed <= 60 && found.isEmpty(); seed++) {
      found = fuzzer.run(seed, 400);
    }
    assertThat(found).as("a planted lie").isPresent();
    Conviction conviction = found.orElseThrow();
    assertThat(conviction.operations()).as(conviction.toString()).hasSizeLessThanOrEqualTo(12);
    assertThat(fuzzer.replay(conviction.operations())).as("the list replayed").isPresent();
    return conviction;
  }
}
