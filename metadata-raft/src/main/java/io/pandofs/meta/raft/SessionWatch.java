package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.wire.SessionRenewal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The leader's memory of who is alive (PROTOCOL rules 7 and 16). Nothing of it is in the log: a new
 * leader starts with every session's timer at zero and knows nothing of what is held, so it neither
 * expires nor reaps on another's word. Thread-safe.
 */
final class SessionWatch {
  private final long timeoutNanos;

  @GuardedBy("this")
  private final Map<SessionId, Sign> signs = new HashMap<>();

  /**
   * Those whose end was proposed in this term. None comes back to life by a renewal that was on its
   * way, not even one that was looked up before that end was applied.
   */
  @GuardedBy("this")
  private final Set<SessionId> condemned = new HashSet<>();

  @GuardedBy("this")
  private long startedNanos;

  SessionWatch(long timeoutNanos) {
    this.timeoutNanos = timeoutNanos;
  }

  /** What a session's last renewal said. */
  private record Sign(long atNanos, long applied, Set<InodeId> held, boolean complete) {}

  /** A new term of leading: as {@link #restart}, and what former terms proposed is decided. */
  synchronized void begin(long nowNanos) {
    condemned.clear();
    restart(nowNanos);
  }

  /** Forgets what was heard and starts all timers anew. */
  synchronized void restart(long nowNanos) {
    signs.clear();
    startedNanos = nowNanos;
  }

  /** Takes a sign of life; false if it came too late: the session is being expired. */
  synchronized boolean renewed(SessionRenewal renewal, long nowNanos) {
    if (condemned.contains(new SessionId(renewal.getSession()))) {
      return false;
    }
    Set<InodeId> held = new HashSet<>();
    for (long orphan : renewal.getHeldOrphansList()) {
      if (orphan > 0) {
        held.add(new InodeId(orphan));
      }
    }
    signs.put(
        new SessionId(renewal.getSession()),
        new Sign(nowNanos, renewal.getApplied(), held, renewal.getComplete()));
    return true;
  }

  /**
   * Those of the live sessions that have been silent for too long.
   *
   * @param expire they are to be expired now: no renewal of theirs counts any more
   */
  synchronized List<SessionId> overdue(
      List<ClusterView.Session> live, long nowNanos, boolean expire) {
    Set<SessionId> known = new HashSet<>();
    List<SessionId> overdue = new ArrayList<>();
    for (ClusterView.Session session : live) {
      known.add(session.id());
      Sign sign = signs.get(session.id());
      if (condemned.contains(session.id())) {
        overdue.add(session.id());
      } else if (sign == null) {
        // Registered, but not heard of yet: counts from now on.
        signs.put(session.id(), new Sign(nowNanos, -1, Set.of(), false));
      } else if (nowNanos - Math.max(sign.atNanos, startedNanos) > timeoutNanos) {
        overdue.add(session.id());
      }
    }
    signs.keySet().retainAll(known);
    if (expire) {
      condemned.addAll(overdue);
    }
    return overdue;
  }

  /**
   * Those orphans that every live session has seen to be one and that none holds. A session that
   * has applied the unlink and does not hold the inode then can't come to hold it later.
   */
  synchronized List<InodeId> reapable(
      List<ClusterView.Orphan> orphans, List<ClusterView.Session> live) {
    List<InodeId> free = new ArrayList<>();
    for (ClusterView.Orphan orphan : orphans) {
      boolean wanted = false;
      for (ClusterView.Session session : live) {
        wanted |= !letsGo(signs.get(session.id()), orphan);
      }
      if (!wanted) {
        free.add(orphan.inode());
      }
    }
    return free;
  }

  private static boolean letsGo(@Nullable Sign sign, ClusterView.Orphan orphan) {
    return sign != null
        && sign.complete
        && sign.applied >= orphan.index()
        && !sign.held.contains(orphan.inode());
  }
}
