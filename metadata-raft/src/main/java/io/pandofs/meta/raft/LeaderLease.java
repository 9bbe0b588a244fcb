package io.pandofs.meta.raft;

import io.pandofs.common.TheOnePlace;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Optional;
import org.apache.ratis.server.RaftServer;

/**
 * Whether a leader holds Ratis' lease: a majority has answered what it sent a moment ago.
 *
 * <p>Ratis does not publish it, and its read index is no proof of leading without it: a commit
 * index that heartbeats have confirmed once is answered again without asking anybody (its
 * ReadIndexHeartbeats), and a question joins an older one for the same index. A leader that was
 * stopped or cut off would answer reads from before. So who needs the proof looks here first, and
 * has an entry committed when there is no lease. Thread-safe.
 */
@TheOnePlace("reads what Ratis does not publish")
final class LeaderLease {
  private static final String PACKAGE = "org.apache.ratis.server.impl.";
  private final Method role;
  private final Method leaderState;
  private final Method hasLease;

  LeaderLease() {
    try {
      role = method("RaftServerImpl", "getRole");
      leaderState = method("RoleInfo", "getLeaderState");
      hasLease = method("LeaderStateImpl", "hasLease");
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Ratis is not the one that was tested", e);
    }
  }

  private static Method method(String owner, String name) throws ReflectiveOperationException {
    Method method = Class.forName(PACKAGE + owner).getDeclaredMethod(name);
    method.setAccessible(true);
    return method;
  }

  /** False as well when the division does not lead. */
  boolean isHeld(RaftServer.Division division) {
    try {
      Optional<?> leader = (Optional<?>) leaderState.invoke(role.invoke(division));
      return leader.isPresent() && Boolean.TRUE.equals(hasLease.invoke(leader.get()));
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("the lease can't be asked for", e);
    }
  }
}
