package io.pandofs.tests.fuzz;

import io.pandofs.tests.agent.Agent;
import io.pandofs.tests.agent.AgentProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Runs seeded operation lists on a subject directory beside a reference directory of the machine's
 * own. The subject is touched by the agents' processes alone.
 */
public final class Fuzzer implements AutoCloseable {
  private static final int TREE_EVERY = 100;
  private static final int SHRINK_OPERATIONS_MAX = 200_000;

  private final Agent subject;
  private final Agent reference;
  private final Path referenceDirectory;
  private final Duel duel;

  private Fuzzer(
      Agent subject, Path subjectDirectory, Path referenceParent, Exceptions exceptions) {
    this.subject = subject;
    this.reference = AgentProcess.start(referenceParent);
    try {
      this.referenceDirectory = Files.createTempDirectory(referenceParent, "fuzz-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.duel =
        new Duel(
            new Duel.Side(subject, subjectDirectory, referenceDirectory.getFileName() + "-"),
            new Duel.Side(reference, referenceDirectory, "run-"),
            exceptions);
  }

  /**
   * A fuzzer for what is mounted at {@code subject}.
   *
   * @param reference a directory on ext4
   * @param profile whose line of {@code exceptions.txt} hold: ext4, tmpfs, jnr or direct
   */
  public static Fuzzer of(Path subject, Path reference, String profile) {
    return of(subject, reference, profile, agent -> agent);
  }

  /** The same, looking past faults that are known and not yet repaired. */
  static Fuzzer of(Path subject, Path reference, String profile, List<String> avoided) {
    return new Fuzzer(
        AgentProcess.start(subject), subject, reference, Exceptions.of(profile).avoiding(avoided));
  }

  /**
   * The same with a subject that may lie: {@code planted} stands between the fuzzer and the agent.
   */
  static Fuzzer of(Path subject, Path reference, String profile, UnaryOperator<Agent> planted) {
    return new Fuzzer(
        planted.apply(AgentProcess.start(subject)), subject, reference, Exceptions.of(profile));
  }

  /** Draws {@code count} operations from {@code seed} and runs them; what was found is shrunk. */
  public Optional<Conviction> run(long seed, int count) {
    Generator generator = new Generator(seed);
    List<String> drawn = new ArrayList<>();
    Optional<Difference> found =
        duel.run(
            count,
            () -> {
              drawn.add((drawn.size() + 1) % TREE_EVERY == 0 ? Duel.TREE : generator.next());
              return drawn.get(drawn.size() - 1);
            },
            generator::learn);
    return found.map(difference -> shrink(seed, drawn, difference));
  }

  /** Runs a list that someone kept. */
  public Optional<Difference> replay(List<String> operations) {
    return duel.run(operations);
  }

  private Conviction shrink(long seed, List<String> drawn, Difference difference) {
    if (difference.got().gone()) {
      return new Conviction(seed, drawn.size(), drawn, difference);
    }
    Function<List<String>, Optional<Difference>> again = duel::run;
    Shrinker.Shrunk shrunk =
        Shrinker.shrink(again, SHRINK_OPERATIONS_MAX, List.copyOf(drawn), difference);
    return new Conviction(seed, drawn.size(), shrunk.operations(), shrunk.difference());
  }

  @Override
  public void close() {
    subject.close();
    reference.close();
    try {
      Files.deleteIfExists(referenceDirectory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
