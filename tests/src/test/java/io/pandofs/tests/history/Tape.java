package io.pandofs.tests.history;

import java.util.ArrayList;
import java.util.List;

/** Writes small histories for tests: one client a call, so that any two may overlap. */
final class Tape {
  private final List<Operation> operations = new ArrayList<>();

  /** An operation that answered OK. */
  Tape ok(long begin, long end, String verb, String argument) {
    return add(1, begin, end, verb, argument, Operation.OK, "-");
  }

  /** An operation that answered an errno. */
  Tape refused(long begin, long end, String verb, String argument, String errno) {
    return add(1, begin, end, verb, argument, errno, "-");
  }

  /** A look that saw something. */
  Tape saw(long begin, long end, String verb, String argument, String value) {
    return add(1, begin, end, verb, argument, Operation.OK, value);
  }

  /** An operation of unknown outcome. */
  Tape lost(long begin, String verb, String argument) {
    return add(1, begin, Operation.NEVER, verb, argument, Operation.UNKNOWN, "EIO");
  }

  Tape add(
      int node, long begin, long end, String verb, String argument, String answer, String value) {
    operations.add(
        new Operation(
            "c" + operations.size(), node, begin, end, verb, "k", argument, answer, value));
    return this;
  }

  List<Operation> operations() {
    return operations;
  }

  <S> Judgement.Verdict verdict(Model<S> model) {
    return Linearizability.check(model, operations).verdict();
  }
}
