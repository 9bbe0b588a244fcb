package io.pandofs.tools.node;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.NodeId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.raft.ReplicaStatus;
import io.pandofs.tools.space.ClusterSpace;
import io.pandofs.tools.space.OneCopy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is wrong with a node, in sentences. Something that is normal for a moment (no leader, blocks
 * on their way) is wrong once it lasts. Each problem is logged when it begins and when it ends.
 * Thread-safe.
 */
final class Health {
  private static final Logger LOG = LoggerFactory.getLogger(Health.class);
  private static final Duration LASTING = Duration.ofSeconds(10);
  private static final Duration BRIEF = Duration.ofSeconds(3);

  /** A disk that takes longer for one sync is worse than an election. */
  private static final Duration HANGS = Duration.ofSeconds(5);

  private static final long CLOCK_WARN_MILLIS = 500;

  private final Clock clock;

  /** Problem to the time when it was first seen. */
  @GuardedBy("this")
  private final Map<Kind, Long> since = new LinkedHashMap<>();

  @GuardedBy("this")
  private final Map<Kind, String> told = new LinkedHashMap<>();

  private enum Kind {
    STOPPED,
    NO_LEADER,
    LOG_HANGS,
    NOT_RENEWED,
    SILENT_PEERS,
    CLOCK,
    LAG,
    ONE_COPY
  }

  Health(Clock clock) {
    this.clock = clock;
  }

  synchronized List<String> problems() {
    return new ArrayList<>(told.values());
  }

  synchronized void stopped() {
    tell(Kind.STOPPED, true, Duration.ZERO, "the metadata has stopped; see the log");
  }

  /** Takes a look. */
  synchronized void look(ReplicaStatus replica, long neededBlocks, ClusterSpace space) {
    String failure = replica.failure();
    tell(
        Kind.STOPPED,
        failure != null,
        Duration.ZERO,
        "this node's metadata do not serve: " + failure);
    tell(
        Kind.NO_LEADER,
        replica.leader() == null,
        BRIEF,
        "no leader is known: a majority of the nodes must run");
    long stands = Duration.ofMillis(replica.logStandsMillis()).toSeconds();
    tell(
        Kind.LOG_HANGS,
        stands > HANGS.toSeconds(),
        Duration.ZERO,
        "the disk of raft/ hangs: nothing was written there for " + stands + " s");
    tell(
        Kind.NOT_RENEWED,
        replica.sessions() > 0 && !replica.renewed(),
        BRIEF,
        "the leader does not confirm this node's session");
    List<NodeId> silent = space.silent().stream().sorted().toList();
    tell(Kind.SILENT_PEERS, !silent.isEmpty(), Duration.ZERO, "no answer from " + silent);
    long ahead = replica.clockAheadMillis();
    tell(
        Kind.CLOCK,
        Math.abs(ahead) > CLOCK_WARN_MILLIS,
        BRIEF, // a renewal that was held up looks like a clock that is slow
        "this machine's clock is " + ahead + " ms ahead of the leader's; set it");
    tell(
        Kind.LAG,
        neededBlocks > 0,
        LASTING,
        neededBlocks + " blocks are still to be fetched to this node");
    OneCopy single = space.oneCopy();
    tell(Kind.ONE_COPY, !single.equals(OneCopy.NONE), LASTING, sentence(single));
  }

  private static String sentence(OneCopy single) {
    return single.unknownGroups() > 0
        ? "too few nodes answer to say how many blocks have one copy only"
        : "up to " + single.blocks() + " blocks have one copy only, until they are fetched";
  }

  @GuardedBy("this")
  private void tell(Kind kind, boolean wrong, Duration patience, String sentence) {
    if (!wrong) {
      since.remove(kind);
      if (told.remove(kind) != null) {
        LOG.info("over: {}", kind);
      }
      return;
    }
    long now = clock.nanoTime();
    long first = since.computeIfAbsent(kind, k -> now);
    if (now - first >= patience.toNanos() && told.put(kind, sentence) == null) {
      LOG.warn("{}", sentence);
    }
  }
}
