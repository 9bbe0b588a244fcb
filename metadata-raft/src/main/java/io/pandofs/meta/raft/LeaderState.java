package io.pandofs.meta.raft;

import io.pandofs.common.TheOnePlace;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.Set;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.util.LifeCycle;

/**
 * What Ratis does not publish. Thread-safe.
 *
 * <p>What a leader knows of its followers: they learn of a commit with the next entry or heartbeat,
 * a quarter of a second later on a quiet day. (Ratis' own remedy, a heartbeat after each read
 * index, costs a question.)
 *
 * <p>That it leads is not asked of Ratis at all, see {@link LeaderFreshness}. Its read index is no
 * proof: a commit index that heartbeats have confirmed once is answered again without asking
 * anybody, and a question joins an older one for the same index. Its lease lasts as long as an
 * election's time-out, whatever a session's or a freshness lease's is.
 */
@TheOnePlace("reads what Ratis does not publish")
final class LeaderState {
  private static final String PACKAGE = "org.apache.ratis.server.impl.";
  private final Method role;
  private final Method leaderState;
  private final Method logAppender;
  private final Method startAsPeer;
  private final Method pauseElection;

  LeaderState() {
    try {
      role = method("RaftServerImpl", "getRole");
      leaderState = method("RoleInfo", "getLeaderState");
      logAppender = method("LeaderStateImpl", "getLogAppender", RaftPeerId.class);
      startAsPeer = method("RaftServerImpl", "startAsPeer", RaftPeerRole.class);
      pauseElection = method("RoleInfo", "setLeaderElectionPause", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Ratis is not the one that was tested", e);
    }
  }

  private static Method method(String owner, String name, Class<?>... parameters)
      throws ReflectiveOperationException {
    Method method = Class.forName(PACKAGE + owner).getDeclaredMethod(name, parameters);
    method.setAccessible(true);
    return method;
  }

  /**
   * Sends a heartbeat to those of the followers that have more of the log than they know to be
   * committed. To one that has not yet answered the entry itself it would be of no use: what a
   * follower has not on its disk it does not take as committed, and forgets. One that is yet to be
   * sent an entry learns it from that.
   */
  void tellCommitted(RaftServer.Division division, Set<RaftPeerId> followers) {
    try {
      Optional<?> leader = leader(division);
      if (leader.isEmpty()) {
        return;
      }
      long committed = division.getRaftLog().getLastCommittedIndex();
      for (RaftPeerId follower : followers) {
        Optional<?> found = (Optional<?>) logAppender.invoke(leader.get(), follower);
        if (found.isPresent() && found.get() instanceof LogAppender appender) {
          long known = appender.getFollower().getCommitIndex();
          boolean useful = Math.min(committed, appender.getFollower().getMatchIndex()) > known;
          if (useful && !appender.hasAppendEntries()) {
            appender.triggerHeartbeat();
          }
        }
      }
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("followers can't be told", e);
    }
  }

  /**
   * Makes a server that was just started vote and stand for election. Ratis does that by itself,
   * but not where a change of voters is the last in the log and this server is in one only of the
   * sets before and after it. Its vote counts until that is decided, and others may wait for it.
   */
  void startVoter(RaftServer.Division division) {
    try {
      // Ratis has its server started under this lock, by an entry of the leader's too.
      synchronized (division) {
        if (division.getInfo().getLifeCycleState() == LifeCycle.State.STARTING) {
          startAsPeer.invoke(division, RaftPeerRole.FOLLOWER);
        }
      }
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("a voter can't be started", e);
    }
  }

  /** Whether the server stands for election when it hears of no leader; it votes in any case. */
  void setStands(RaftServer.Division division, boolean stands) {
    try {
      pauseElection.invoke(role.invoke(division), !stands);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("elections can't be paused", e);
    }
  }

  private Optional<?> leader(RaftServer.Division division)
      throws IllegalAccessException, InvocationTargetException {
    return (Optional<?>) leaderState.invoke(role.invoke(division));
  }
}
