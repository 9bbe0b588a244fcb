package io.pandofs.tests.nemesis;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Does one bad thing after the other to a cluster, drawn from a seed: waits until all is well, then
 * for a short while, begins a fault, lets it last, heals it.
 */
public final class Nemesis {
  private static final Duration RECOVERY = Duration.ofMinutes(5);
  private static final int QUIET_MILLIS = 2500;

  private final Cluster cluster;
  private final Random random;
  private final boolean leaderOnly;
  private final Consumer<String> log;
  private final List<FaultReport> reports = new ArrayList<>();

  /** The words of {@code --faults}. */
  public enum Kind {
    KILL,
    PAUSE,
    PARTITION,
    ONEWAY,
    BRIDGE,
    DELAY,
    DISKFULL,
    POWER;

    /** Whether each node needs a disk of its own. */
    public boolean needsDisks() {
      return this == DISKFULL || this == POWER;
    }
  }

  /**
   * @param leaderOnly whether what strikes one node strikes the leader
   * @param log told each fault, as it begins and as it is over
   */
  public Nemesis(Cluster cluster, long seed, boolean leaderOnly, Consumer<String> log) {
    this.cluster = cluster;
    this.random = new Random(seed);
    this.leaderOnly = leaderOnly;
    this.log = log;
  }

  /**
   * Goes on for the time or for so many faults, whatever is first; the kinds in turn, in an order
   * drawn anew each round.
   *
   * @return what was done; ends early when the cluster does not recover
   */
  public List<FaultReport> run(List<Kind> kinds, Duration time, int count)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    List<Kind> round = new ArrayList<>();
    while (!kinds.isEmpty() && System.nanoTime() < end && reports.size() < count && well()) {
      TimeUnit.MILLISECONDS.sleep(QUIET_MILLIS / 5 + random.nextInt(QUIET_MILLIS));
      if (round.isEmpty()) {
        round.addAll(kinds);
        java.util.Collections.shuffle(round, random);
      }
      inflict(draw(round.remove(0)));
    }
    long left = end - System.nanoTime();
    if (kinds.isEmpty() && left > 0) {
      TimeUnit.NANOSECONDS.sleep(left);
    }
    return reports;
  }

  private boolean well() {
    return reports.isEmpty() || reports.get(reports.size() - 1).complaint().isEmpty();
  }

  private Fault draw(Kind kind) {
    int nodes = cluster.nodes().size();
    int leader = Math.max(1, cluster.leader(List.of()).node());
    int any = 1 + random.nextInt(nodes);
    // Followers are many and the leader is one: as often the one as the others.
    int target = leaderOnly || random.nextBoolean() ? leader : any;
    return switch (kind) {
      case KILL -> Faults.kill(cluster, target);
      case PAUSE -> Faults.pause(cluster, target);
      case PARTITION -> Faults.partition(cluster, target);
      case ONEWAY -> Faults.oneWay(cluster, target, random.nextBoolean());
      case BRIDGE ->
          Faults.bridge(cluster, target, 1 + (target - 1 + 1 + random.nextInt(nodes - 1)) % nodes);
      case DELAY -> Faults.delay(cluster, target, 20L + random.nextInt(400));
      case DISKFULL -> Faults.diskFull(cluster, target);
      case POWER -> Faults.power(cluster);
    };
  }

  private void inflict(Fault fault) throws IOException, InterruptedException {
    log.accept("begin " + fault.name());
    long begin = System.nanoTime();
    fault.begin();
    TimeUnit.MILLISECONDS.sleep(1500 + random.nextInt(6000));
    String evidence = fault.evidence();
    fault.heal();
    long healed = System.nanoTime();
    String complaint = cluster.awaitWell(cluster.nodes(), RECOVERY);
    long recovered = System.nanoTime();
    FaultReport report =
        new FaultReport(
            fault.name(),
            fault.kind(),
            fault.hitsLeader(),
            fault.targets(),
            begin,
            healed,
            recovered,
            evidence,
            complaint);
    reports.add(report);
    log.accept(
        "over  %s: %s; lasted %d ms, well again %d ms later %s"
            .formatted(
                fault.name(),
                evidence.isEmpty() ? "NO EVIDENCE" : evidence,
                (healed - begin) / 1_000_000,
                (recovered - healed) / 1_000_000,
                complaint));
  }
}
