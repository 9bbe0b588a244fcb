package io.pandofs.tests.fuzz;

import io.pandofs.tests.agent.Agent;
import io.pandofs.tests.agent.Answer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Runs operations on the subject and on the reference and compares every answer, and the whole tree
 * at the end. Each run has directories of its own, which are removed afterwards.
 */
final class Duel {
  /**
   * One of the two sides: who makes the calls, and where; a run's directory is {@code prefix} and
   * its number.
   */
  record Side(Agent agent, Path directory, String prefix) {}

  /** Tells the whole tree. */
  static final String TREE = "dump";

  private final Side subject;
  private final Side reference;
  private final Exceptions exceptions;
  private int runs;

  Duel(Side subject, Side reference, Exceptions exceptions) {
    this.subject = subject;
    this.reference = reference;
    this.exceptions = exceptions;
  }

  /** Runs a fixed list; the first difference, if any. */
  Optional<Difference> run(List<String> operations) {
    return run(operations.size(), operations.iterator()::next, (line, answer) -> {});
  }

  /**
   * Runs {@code count} operations as they are drawn, telling {@code learn} what the reference
   * answered to each.
   */
  Optional<Difference> run(int count, Supplier<String> source, BiConsumer<String, Answer> learn) {
    runs++;
    start(subject);
    start(reference);
    Optional<Difference> found = compareAll(count, source, learn);
    finish(reference);
    if (found.isEmpty() || !found.get().got().gone()) {
      finish(subject);
    }
    return found;
  }

  int runs() {
    return runs;
  }

  private Optional<Difference> compareAll(
      int count, Supplier<String> source, BiConsumer<String, Answer> learn) {
    for (int i = 0; i < count; i++) {
      String line = source.get();
      Optional<Difference> found = compare(i, line, learn);
      if (found.isEmpty() && i + 1 == count) {
        found = compare(i, "closeall", (last, answer) -> {});
      }
      if (found.isEmpty() && i + 1 == count) {
        found = compare(i, TREE, (tree, answer) -> {});
      }
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private Optional<Difference> compare(int index, String line, BiConsumer<String, Answer> learn) {
    Answer expected = reference.agent().ask(line);
    Answer got = subject.agent().ask(line);
    if (expected.fault() || expected.stuck()) {
      throw new IllegalStateException("the reference answered " + expected + " to: " + line);
    }
    if (!exceptions.same(line, expected, got)) {
      return Optional.of(new Difference(index, line, expected, got));
    }
    learn.accept(line, expected);
    return Optional.empty();
  }

  private void start(Side side) {
    require(
        side,
        "root "
            + side.directory().resolve(side.prefix() + runs)
            + " "
            + String.join(" ", exceptions.avoided()));
  }

  private void finish(Side side) {
    require(side, "wipe");
  }

  private static void require(Side side, String line) {
    Answer answer = side.agent().ask(line.trim());
    if (!answer.ok()) {
      throw new IllegalStateException(side.directory() + " answered " + answer + " to: " + line);
    }
  }
}
