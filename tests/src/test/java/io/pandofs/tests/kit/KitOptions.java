package io.pandofs.tests.kit;

import io.pandofs.tests.nemesis.Nemesis.Kind;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the command line of the kit says.
 *
 * @param leaderOnly whether faults of one node always strike the leader
 * @param count how many faults at most
 * @param clients of each workload on each mount
 * @param paceMillis mean time between two operations of a client
 * @param keys that a workload works on at a time
 * @param periodMillis how long it works on the same
 * @param complete when an operation is complete: see {@code client.py}
 * @param share which mounts work on a key: see {@code client.py}
 * @param settings of the nodes' configuration: key to text
 * @param preload a library put under the nodes; empty for none
 * @param keep keeps the histories of a run without convictions too
 */
record KitOptions(
    long seed,
    int seconds,
    List<Kind> faults,
    boolean leaderOnly,
    List<Workload> workloads,
    int nodes,
    int count,
    int clients,
    int paceMillis,
    int keys,
    int periodMillis,
    String complete,
    String share,
    Map<String, String> settings,
    String preload,
    boolean keep) {
  static final String USAGE =
      """
      usage: tests/kit SEED SECONDS [OPTION VALUE]...
        --faults LIST     of kill,pause,partition,oneway,bridge,delay,diskfull,power, or none;
                          default kill,pause,partition,oneway,bridge
        --target any      whom faults of one node strike: the leader as often as any other (default), or: leader, always
        --workloads LIST  of register,slots,append,set,names,locks; default all
        --nodes N         default 3
        --count N         at most so many faults; default: as many as there is time for
        --clients N       of each workload on each mount; default 1
        --pace MS         mean time between two operations of a client; default 15
        --keys N          that a workload works on at a time; default 3
        --period MS       how long it works on the same; default 10000
        --complete sync   when an operation is: when it is synced (default), or: call, when the calls have returned
        --share all       which mounts work on a file's data: all of them (default), or: one, each file has its mount
        --raft MIN,MAX    election timeouts, like 300ms,600ms; default the product's own
        --preload LIB     a library under the nodes, like libeatmydata.so
        --keep yes        keeps the histories of a good run too
      """;
  private static final String DEFAULT_FAULTS = "kill,pause,partition,oneway,bridge";

  static KitOptions parse(List<String> arguments) {
    Deque<String> words = new ArrayDeque<>(arguments);
    long seed = Long.parseLong(next(words));
    int seconds = Integer.parseInt(next(words));
    Map<String, String> given = new TreeMap<>();
    while (!words.isEmpty()) {
      String name = next(words);
      given.put(name, next(words));
    }
    String faults = take(given, "--faults", DEFAULT_FAULTS);
    String raft = take(given, "--raft", "");
    String[] raftTimes = raft.split(",", -1);
    KitOptions options =
        new KitOptions(
            seed,
            seconds,
            list(faults.equals("none") ? "" : faults).map(Kind::valueOf).toList(),
            take(given, "--target", "any").equals("leader"),
            list(take(given, "--workloads", "register,slots,append,set,names,locks"))
                .map(Workload::valueOf)
                .toList(),
            number(given, "--nodes", 3),
            number(given, "--count", Integer.MAX_VALUE),
            number(given, "--clients", 1),
            number(given, "--pace", 15),
            number(given, "--keys", 3),
            number(given, "--period", 10_000),
            take(given, "--complete", "sync"),
            take(given, "--share", "all"),
            raft.isEmpty()
                ? Map.of()
                : Map.of("raft.timeout_min", raftTimes[0], "raft.timeout_max", raftTimes[1]),
            take(given, "--preload", ""),
            take(given, "--keep", "no").equals("yes"));
    if (options.share.equals("one") && options.keys % 3 != 0) {
      throw new IllegalArgumentException("--share one divides the keys by three");
    }
    if (!given.isEmpty()) {
      throw new IllegalArgumentException("there is no option " + given.keySet());
    }
    return options;
  }

  /** How many sets of keys there are; clients stay with the last one when a run takes longer. */
  int generations() {
    return seconds * 1000 / periodMillis + 3;
  }

  private static Stream<String> list(String words) {
    return Arrays.stream(words.split(",", -1))
        .filter(word -> !word.isEmpty())
        .map(word -> word.toUpperCase(Locale.ROOT));
  }

  private static int number(Map<String, String> given, String name, int otherwise) {
    return Integer.parseInt(take(given, name, String.valueOf(otherwise)));
  }

  private static String take(Map<String, String> given, String name, String otherwise) {
    String value = given.remove(name);
    return value == null ? otherwise : value;
  }

  private static String next(Deque<String> words) {
    if (words.isEmpty()) {
      throw new IllegalArgumentException("something is missing at the end");
    }
    return words.poll();
  }
}
