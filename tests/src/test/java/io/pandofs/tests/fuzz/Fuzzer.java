package io.pandofs.tests.fuzz;

import io.pandofs.tests.agent.Agent;
import io.pandofs.tests.agent.AgentProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Runs seeded operation lists on a subject, one directory on one or more mounts, beside a reference
 * directory of the machine's own: one operation at a time, each on a mount that the seed draws. The
 * subject is touched by the agents' processes alone.
 */
public final class Fuzzer implements AutoCloseable {
  private static final int TREE_EVERY = 100;
  private static final int SHRINK_OPERATIONS_MAX = 200_000;

  private final List<Agent> subject;
  private final List<Agent> reference;
  private final Path referenceDirectory;
  private final Duel duel;

  private Fuzzer(
      List<Agent> subject,
      List<Path> subjectDirectories,
      Path referenceParent,
      Exceptions exceptions) {
    this.subject = subject;
    this.reference = agents(Collections.nCopies(subject.size(), referenceParent));
    try {
      this.referenceDirectory = Files.createTempDirectory(referenceParent, "fuzz-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.duel =
        new Duel(
            new Duel.Side(subject, subjectDirectories, referenceDirectory.getFileName() + "-"),
            new Duel.Side(
                reference, Collections.nCopies(subject.size(), referenceDirectory), "run-"),
            exceptions);
  }

  private static List<Agent> agents(List<Path> directories) {
    List<Agent> agents = new ArrayList<>();
    directories.forEach(directory -> agents.add(AgentProcess.start(directory)));
    return agents;
  }

  /**
   * A fuzzer for what is mounted at each of {@code subject}, which all show one directory.
   *
   * @param reference a directory on ext4
   * @param profile whose line of {@code exceptions.txt} hold: ext4, tmpfs, jnr or direct
   */
  public static Fuzzer of(List<Path> subject, Path reference, String profile) {
    return of(subject, reference, profile, agents -> agents);
  }

  /** The same, looking past faults that are known and not yet repaired. */
  static Fuzzer of(List<Path> subject, Path reference, String profile, List<String> avoided) {
    return new Fuzzer(
        agents(subject), subject, reference, Exceptions.of(profile).avoiding(avoided));
  }

  /**
   * The same with a subject that may lie: {@code planted} stands between the fuzzer and the agents.
   */
  static Fuzzer of(
      List<Path> subject, Path reference, String profile, UnaryOperator<List<Agent>> planted) {
    return new Fuzzer(planted.apply(agents(subject)), subject, reference, Exceptions.of(profile));
  }

  /** Draws {@code count} operations from {@code seed} and runs them; what was found is shrunk. */
  public Optional<Conviction> run(long seed, int count) {
    Generator generator = new Generator(seed, duel.mounts());
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
    subject.forEach(Agent::close);
    reference.forEach(Agent::close);
    try {
      Files.deleteIfExists(referenceDirectory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
