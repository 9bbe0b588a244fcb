package io.pandofs.meta.raft;

import com.google.errorprone.annotations.Immutable;

/**
 * What kind of life a simulated cluster has; follows from the seed.
 *
 * @param nodes how many at first, each with a vote and a mount
 * @param lifeNanos for how long there is work and trouble
 * @param electionNanos a silence of a leader after which a follower stands for election
 * @param longTroubles how many of the troubles outlast a session
 * @param checkpointNanosMax the longest time between two checkpoints in the cluster
 * @param entriesKept behind a checkpoint
 * @param slow how many messages are slow even in calm times
 * @param patienceNanos how long a mount's operation may wait for the log
 * @param leaseNanos of freshness
 * @param sessionNanos of which a tenth is longer than a freshness lease, as in real clusters
 * @param changing whether nodes leave and others come
 */
@Immutable
record Shape(
    int nodes,
    long lifeNanos,
    long electionNanos,
    double longTroubles,
    long checkpointNanosMax,
    int entriesKept,
    double slow,
    long patienceNanos,
    long leaseNanos,
    long sessionNanos,
    boolean changing) {
  private static final long MS = 1_000_000;
  static final Shape PLAIN =
      new Shape(3, 2500 * MS, 300 * MS, 0.1, 500 * MS, 3, 0, 1500 * MS, 200 * MS, 2400 * MS, false);

  /** Leaders change while leases of their predecessors run. */
  static final Shape HASTY =
      new Shape(3, 2500 * MS, 70 * MS, 0.1, 500 * MS, 3, 0, 1500 * MS, 200 * MS, 2400 * MS, false);

  /** Sessions end that were cut off, or whose machine stood still. */
  static final Shape MORTAL =
      new Shape(
          3, 5000 * MS, 200 * MS, 0.4, 2000 * MS, 3, 0, 60_000 * MS, 60 * MS, 800 * MS, false);

  /** Who lags a little gets a checkpoint rather than the log. */
  static final Shape FORGETFUL =
      new Shape(5, 2000 * MS, 300 * MS, 0.1, 8 * MS, 0, 0.6, 1500 * MS, 200 * MS, 2400 * MS, false);

  /** Nodes leave and others come, in lives like the hasty ones. */
  static final Shape CHANGING =
      new Shape(3, 2500 * MS, 70 * MS, 0.1, 500 * MS, 3, 0.1, 1500 * MS, 200 * MS, 2400 * MS, true);

  static Shape of(long seed) {
    return switch ((int) (seed % 6)) {
      case 1 -> HASTY;
      case 4 -> CHANGING;
      case 2, 5 -> MORTAL;
      case 3 -> FORGETFUL;
      default -> PLAIN;
    };
  }
}
