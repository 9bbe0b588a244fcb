package io.pandofs.meta.raft;

import java.time.Duration;

/**
 * How patient the parts are with each other.
 *
 * @param electionMin the shortest silence of a leader after which a follower stands for election
 * @param electionMax the longest
 * @param session a session that was not renewed for so long is expired (PROTOCOL rule 7)
 * @param renewEvery how often a node renews its sessions
 * @param clockWarn clocks further apart than this are complained about
 * @param clockRefuse with clocks further apart than this no session and no node is taken in
 * @param outAfter a node that has been silent for so long has its placement groups given to others,
 *     if there are enough; zero for ever
 * @param freshness how long a node may answer reads by itself after it has asked (PROTOCOL rule 6)
 */
public record RaftTiming(
    Duration electionMin,
    Duration electionMax,
    Duration session,
    Duration renewEvery,
    Duration clockWarn,
    Duration clockRefuse,
    Duration outAfter,
    Duration freshness) {

  private static final Duration FRESHNESS_MIN = Duration.ofMillis(10);

  /**
   * Who renews a session may have been deposed one freshness lease ago. The tenth of a session by
   * which its holder stops sooner covers that, and clocks of different rates.
   */
  private static final int LEASES_A_SESSION = 12;

  /** For machines of their own. */
  public static final RaftTiming DEFAULT =
      new RaftTiming(
          Duration.ofMillis(300),
          Duration.ofMillis(600),
          Duration.ofSeconds(5),
          Duration.ofSeconds(1),
          Duration.ofMillis(500),
          Duration.ofSeconds(10),
          Duration.ofMinutes(10),
          Duration.ofMillis(250));

  /** For several nodes that share a few cores. */
  public static final RaftTiming SHARED_CORES =
      DEFAULT.withElection(Duration.ofMillis(500), Duration.ofMillis(1000));

  public RaftTiming {
    if (electionMin.isNegative()
        || electionMin.isZero()
        || electionMin.compareTo(electionMax) >= 0) {
      throw new IllegalArgumentException(
          "election timeouts out of order: " + electionMin + ", " + electionMax);
    }
    if (renewEvery.multipliedBy(2).compareTo(session) > 0) {
      throw new IllegalArgumentException("sessions are renewed too rarely: " + renewEvery);
    }
    if (freshness.compareTo(FRESHNESS_MIN) < 0
        || freshness.multipliedBy(LEASES_A_SESSION).compareTo(session) > 0) {
      throw new IllegalArgumentException(
          "a freshness lease of " + freshness + " with sessions of " + session);
    }
  }

  public RaftTiming withElection(Duration min, Duration max) {
    return new RaftTiming(
        min, max, session, renewEvery, clockWarn, clockRefuse, outAfter, freshness);
  }

  public RaftTiming withSession(Duration timeout, Duration every) {
    return new RaftTiming(
        electionMin, electionMax, timeout, every, clockWarn, clockRefuse, outAfter, freshness);
  }

  public RaftTiming withOutAfter(Duration silence) {
    return new RaftTiming(
        electionMin, electionMax, session, renewEvery, clockWarn, clockRefuse, silence, freshness);
  }

  public RaftTiming withFreshness(Duration lease) {
    return new RaftTiming(
        electionMin, electionMax, session, renewEvery, clockWarn, clockRefuse, outAfter, lease);
  }
}
