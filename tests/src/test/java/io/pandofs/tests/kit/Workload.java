package io.pandofs.tests.kit;

import io.pandofs.tests.history.History;
import io.pandofs.tests.history.Judgement;
import io.pandofs.tests.history.Linearizability;
import io.pandofs.tests.history.Models;
import io.pandofs.tests.history.Operation;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the clients work on, and the model by which it is judged. */
enum Workload {
  REGISTER,
  SLOTS,
  APPEND,
  SET,
  NAMES,
  LOCKS;

  /** As {@code client.py} calls it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  Map<String, List<Operation>> keys(History history) {
    return this == SET ? history.byMember() : history.byKey();
  }

  /**
   * Judges one key.
   *
   * @param rules as the clients had them
   */
  Judgement judge(List<Operation> all, List<String> rules) {
    boolean data = this == SLOTS || this == APPEND;
    List<Operation> operations = data && rules.contains("close") ? History.closeToOpen(all) : all;
    return switch (this) {
      case REGISTER -> Linearizability.check(Models.register(), operations);
      case SLOTS -> Linearizability.check(Models.register("0"), operations);
      case APPEND -> Linearizability.check(Models.log(), operations);
      case SET -> Linearizability.check(Models.member(), operations);
      case NAMES -> Linearizability.check(Models.names(), operations);
      case LOCKS -> Linearizability.check(Models.mutex(), operations);
    };
  }
}
