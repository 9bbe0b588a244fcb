package io.pandofs.tests.kit;

import io.pandofs.tests.history.History;
import io.pandofs.tests.history.Judgement;
import io.pandofs.tests.history.Judgement.Verdict;
import io.pandofs.tests.history.Operation;
import io.pandofs.tests.nemesis.FaultReport;
import io.pandofs.tests.nemesis.TableHashes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the histories of a run mean. A mount survives a fault when its node was not among the
 * fault's targets.
 */
final class Judge {
  /** After all nodes call themselves well again a mount may still have to register anew. */
  private static final long GRACE_NANOS = 6_000_000_000L;

  /** No call may take longer, whatever happens: the policy's 30 s, and a fault before it began. */
  private static final long HANG_NANOS = 45_000_000_000L;

  /**
   * What a call may fail with where a fault struck, besides what its verb may rightly give: the
   * mount is cut off, or gone, or its disk is full; or what it had open went while it was cut off
   * (GONE: ESTALE of a read, where that of an open is wrong anywhere); or the call did not come
   * back. A create that ends with ENOENT is wrong anywhere.
   */
  private static final Set<String> FAILURES =
      Set.of("EIO", "ENODEV", "ENOTCONN", "ECONNABORTED", "ENOSPC", "EROFS", "GONE", "STUCK");

  private static final int SHOWN = 5;

  private final List<FaultReport> faults;
  private final List<String> lines = new ArrayList<>();
  private final List<String> convictions = new ArrayList<>();
  private final List<Operation> all = new ArrayList<>();
  private long lookedElsewhere;

  Judge(List<FaultReport> faults) {
    this.faults = faults;
    for (FaultReport fault : faults) {
      if (fault.evidence().isEmpty()) {
        convictions.add("nothing shows that this took place: " + fault.name());
      }
      if (!fault.complaint().isEmpty()) {
        convictions.add("not well after " + fault.name() + ": " + fault.complaint());
      }
    }
  }

  /** What was found, for people. */
  List<String> lines() {
    return lines;
  }

  /** What must not be. */
  List<String> convictions() {
    return convictions;
  }

  /** What the nodes disagree about needs no client to be wrong. */
  void tables(TableHashes hashes) {
    String difference = hashes.difference();
    if (!difference.isEmpty()) {
      convictions.add(difference);
    }
  }

  void workload(Workload workload, History history) {
    int undecided = 0;
    int wrong = 0;
    Map<String, List<Operation>> keys = workload.keys(history);
    for (Map.Entry<String, List<Operation>> key : keys.entrySet()) {
      Judgement judgement = workload.judge(key.getValue());
      if (judgement.verdict() == Verdict.CONVICTED) {
        wrong++;
        if (wrong <= SHOWN) {
          convictions.add(
              "%s %s is not linearizable: %s"
                  .formatted(workload.word(), key.getKey(), judgement.detail()));
        }
      } else if (judgement.verdict() == Verdict.UNDECIDED) {
        undecided++;
      }
    }
    long unknown = history.operations().stream().filter(o -> !o.known()).count();
    long elsewhere = history.byKey().values().stream().mapToLong(Judge::looksElsewhere).sum();
    lookedElsewhere += elsewhere;
    lines.add(
        "checked %-8s %6d operations on %d keys, %d looks at what another mount changed last, %d of unknown outcome: %d keys convicted, %d undecided"
            .formatted(
                workload.word(),
                history.operations().size(),
                keys.size(),
                elsewhere,
                unknown,
                wrong,
                undecided));
    if (undecided > 0) {
      convictions.add(workload.word() + ": " + undecided + " keys are too tangled to be judged");
    }
    failures(workload, history);
    all.addAll(history.operations());
    all.addAll(history.failures());
  }

  /** Looks at a key whose last change that was over before the look was made on another mount. */
  private static long looksElsewhere(List<Operation> operations) {
    List<Operation> changes =
        operations.stream()
            .filter(o -> o.known() && o.ok() && !o.looks())
            .sorted(Comparator.comparingLong(Operation::end))
            .toList();
    List<Operation> looks =
        operations.stream()
            .filter(o -> o.known() && o.looks())
            .sorted(Comparator.comparingLong(Operation::begin))
            .toList();
    long count = 0;
    int over = 0;
    for (Operation look : looks) {
      while (over < changes.size() && changes.get(over).end() < look.begin()) {
        over++;
      }
      if (over > 0 && changes.get(over - 1).node() != look.node()) {
        count++;
      }
    }
    return count;
  }

  private void failures(Workload workload, History history) {
    Map<String, Integer> counts = new TreeMap<>();
    List<Operation> surviving = new ArrayList<>();
    List<Operation> strange = new ArrayList<>();
    for (Operation o : history.failures()) {
      counts.merge(o.verb() + " " + o.value(), 1, Integer::sum);
      if (!FAILURES.contains(o.value())) {
        strange.add(o);
      }
      if (survives(o)) {
        surviving.add(o);
      }
    }
    if (!counts.isEmpty()) {
      lines.add("  failed " + counts + ", on surviving mounts " + surviving.size());
    }
    if (!strange.isEmpty()) {
      Operation first = strange.get(0);
      convictions.add(
          "%s: %d calls failed as none may, the first: %s, at %d ns of the history"
              .formatted(
                  workload.word(), strange.size(), first.toText(first.begin()), first.begin()));
    }
    if (!surviving.isEmpty()) {
      long zero = surviving.get(0).begin();
      convictions.add(
          "%s: %d errors on surviving mounts, the first: %s %s"
              .formatted(
                  workload.word(),
                  surviving.size(),
                  surviving.get(0).toText(zero),
                  faultsDuring(surviving.get(0))));
    }
  }

  private List<String> faultsDuring(Operation o) {
    long end = o.known() ? o.end() : o.begin();
    return faults.stream().filter(f -> f.during(o.begin(), end)).map(FaultReport::name).toList();
  }

  private boolean survives(Operation o) {
    long end = o.known() ? o.end() : o.begin();
    return faults.stream().allMatch(f -> f.spares(o.node(), o.begin(), end, GRACE_NANOS));
  }

  /** How often a mount looked at what another had changed last. */
  long lookedElsewhere() {
    return lookedElsewhere;
  }

  /** The pauses that clients saw; call it last. */
  void pauses() {
    List<Operation> done = all.stream().filter(Operation::known).toList();
    for (FaultReport fault : faults) {
      Optional<Operation> longest = longest(done, fault);
      lines.add(
          "pause %6d ms on surviving mounts, %6d ms on the others: %s"
              .formatted(millis(longest), millis(longestOnTargets(done, fault)), fault.name()));
    }
    pausesByGroup()
        .forEach(
            (group, pauses) ->
                lines.add(
                    "pauses on surviving mounts, %-24s %3d faults, median %6d ms, longest %6d ms"
                        .formatted(
                            group + ":",
                            pauses.size(),
                            pauses.get(pauses.size() / 2),
                            pauses.get(pauses.size() - 1))));
    lines.add(
        "longest pause of a client on a surviving node: "
            + describe(longestOf(done.stream().filter(this::survives))));
    done.stream()
        .filter(o -> o.end() - o.begin() > HANG_NANOS)
        .findFirst()
        .ifPresent(o -> convictions.add("a call took " + describe(Optional.of(o))));
  }

  /** For each fault: the longest pause in milliseconds that a client on a surviving node saw. */
  List<Long> pausesOnSurviving() {
    List<Operation> done = all.stream().filter(Operation::known).toList();
    return faults.stream().map(fault -> millis(longest(done, fault))).toList();
  }

  /** The same for each group of faults, the longest last. */
  Map<String, List<Long>> pausesByGroup() {
    List<Long> pauses = pausesOnSurviving();
    Map<String, List<Long>> groups = new TreeMap<>();
    for (int i = 0; i < pauses.size(); i++) {
      groups.computeIfAbsent(faults.get(i).group(), group -> new ArrayList<>()).add(pauses.get(i));
    }
    groups.values().forEach(Collections::sort);
    return groups;
  }

  private Optional<Operation> longest(List<Operation> done, FaultReport fault) {
    return longestOf(
        done.stream().filter(o -> fault.during(o.begin(), o.end())).filter(this::survives));
  }

  private static Optional<Operation> longestOnTargets(List<Operation> done, FaultReport fault) {
    return longestOf(
        done.stream()
            .filter(o -> fault.during(o.begin(), o.end()))
            .filter(o -> fault.targets().contains(o.node())));
  }

  private static Optional<Operation> longestOf(Stream<Operation> operations) {
    return operations.max(Comparator.comparingLong(o -> o.end() - o.begin()));
  }

  private static long millis(Optional<Operation> operation) {
    return operation.map(o -> (o.end() - o.begin()) / 1_000_000).orElse(0L);
  }

  private String describe(Optional<Operation> operation) {
    return operation
        .map(
            o ->
                "%d ms, %s %s on n%d -> %s, during %s"
                    .formatted(
                        (o.end() - o.begin()) / 1_000_000,
                        o.verb(),
                        o.key(),
                        o.node(),
                        o.answer(),
                        faultsDuring(o)))
        .orElse("none");
  }
}
