package io.pandofs.meta.raft;

import io.pandofs.common.TheOnePlace;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.Set;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.LogAppender;

/**
 * What a Ratis leader knows of its followers and does not publish: they learn of a commit with the
 * next entry or heartbeat, a quarter of a second later on a quiet day. (Ratis' own remedy, a
 * heartbeat after each read index, costs a question.) Thread-safe.
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

  LeaderState() {
    try {
      role = method("RaftServerImpl", "getRole");
      leaderState = method("RoleInfo", "getLeaderState");
      logAppender = method("LeaderStateImpl", "getLogAppender", RaftPeerId.class);
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

  private Optional<?> leader(RaftServer.Division division)
      throws IllegalAccessException, InvocationTargetException {
    return (Optional<?>) leaderState.invoke(role.invoke(division));
  }
}
