package io.pandofs.tests.fuzz;

import io.pandofs.tests.agent.Agent;
import io.pandofs.tests.agent.Answer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Runs operations on the subject and on the reference, one at a time, and compares every answer,
 * and the whole tree at the end. Each run has directories of its own, which are removed afterwards.
 *
 * <p>The subject may be one directory on several mounts. Each mount has an agent, and so has its
 * place on the other side, where all work in one directory: what an agent holds open, its umask and
 * its marks mean the same on both sides, and no agent knows those of another.
 */
final class Duel {
  /**
   * One of the two sides: who makes the calls of each mount, and where; a run's directory is {@code
   * prefix} and its number.
   */
  record Side(List<Agent> agents, List<Path> directories, String prefix) {
    Answer ask(Call call) {
      return agents.get(call.mount() - 1).ask(call.line());
    }
  }

  /** Tells the whole tree, on every mount. */
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
   * answered to each, whatever the mount.
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

  int mounts() {
    return subject.agents().size();
  }

  int runs() {
    return runs;
  }

  private Optional<Difference> compareAll(
      int count, Supplier<String> source, BiConsumer<String, Answer> learn) {
    int before = 1;
    for (int i = 0; i < count; i++) {
      Call call = Call.parse(source.get());
      Optional<Difference> found =
          call.mount() == before || !exceptions.avoided().contains(Exceptions.HELD)
              ? Optional.empty()
              : compare(i, new Call(before, "closeslots"));
      if (found.isEmpty()) {
        found = call.line().equals(TREE) ? compareTrees(i) : compare(i, call, learn);
      }
      if (found.isPresent()) {
        return found;
      }
      before = call.mount();
    }
    return compareEnd(count - 1);
  }

  private Optional<Difference> compareEnd(int index) {
    Optional<Difference> found = Optional.empty();
    for (int mount = 1; mount <= mounts() && found.isEmpty(); mount++) {
      found = compare(index, new Call(mount, "closeall"));
    }
    return found.isPresent() ? found : compareTrees(index);
  }

  /** The tree of every mount, at all places that were touched on any. */
  private Optional<Difference> compareTrees(int index) {
    TreeSet<String> touched = new TreeSet<>();
    for (int mount = 1; mount <= mounts(); mount++) {
      String places = reference.ask(new Call(mount, "windows")).text();
      touched.addAll(List.of(places.split(" ", -1)));
    }
    touched.remove("OK");
    String all = ("windows " + String.join(" ", touched)).trim();
    Optional<Difference> found = Optional.empty();
    for (int mount = 1; mount <= mounts() && found.isEmpty(); mount++) {
      found = compare(index, new Call(mount, all));
      if (found.isEmpty()) {
        found = compare(index, new Call(mount, TREE));
      }
    }
    return found;
  }

  private Optional<Difference> compare(int index, Call call) {
    return compare(index, call, (line, answer) -> {});
  }

  private Optional<Difference> compare(int index, Call call, BiConsumer<String, Answer> learn) {
    Answer expected = reference.ask(call);
    Answer got = subject.ask(call);
    if (expected.fault() || expected.stuck()) {
      throw new IllegalStateException("the reference answered " + expected + " to: " + call.text());
    }
    if (!exceptions.same(call.line(), expected, got)) {
      return Optional.of(new Difference(index, call.text(), expected, got));
    }
    learn.accept(call.line(), expected);
    return Optional.empty();
  }

  private void start(Side side) {
    for (int mount = 1; mount <= mounts(); mount++) {
      Path directory = side.directories().get(mount - 1).resolve(side.prefix() + runs);
      require(
          side,
          new Call(mount, "root " + directory + " " + String.join(" ", exceptions.avoided())));
    }
  }

  private void finish(Side side) {
    for (int mount = mounts(); mount > 1; mount--) {
      require(side, new Call(mount, "leave"));
    }
    require(side, new Call(1, "wipe"));
  }

  private static void require(Side side, Call call) {
    Answer answer = side.ask(new Call(call.mount(), call.line().trim()));
    if (!answer.ok()) {
      throw new IllegalStateException(
          side.directories() + " answered " + answer + " to: " + call.text());
    }
  }
}
