package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.engine.ClusterView.Orphan;
import io.pandofs.meta.engine.ClusterView.Session;
import io.pandofs.meta.wire.SessionRenewal;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionWatchTest {
  private static final Orphan ORPHAN = new Orphan(new InodeId(7), 100);
  private final SessionWatch watch = new SessionWatch(5_000);
  private final List<Session> live = List.of(session(1), session(2));

  private static Session session(long id) {
    return new Session(new SessionId(id), new NodeId(1), 0, 0, Timestamp.EPOCH);
  }

  private static SessionRenewal sign(long session, long applied, long... held) {
    SessionRenewal.Builder sign =
        SessionRenewal.newBuilder().setSession(session).setApplied(applied).setComplete(true);
    for (long inode : held) {
      sign.addHeldOrphans(inode);
    }
    return sign.build();
  }

  @Test
  void onlyTheSilentIsOverdue() {
    watch.restart(0);
    watch.renewed(sign(1, 0), 1_000);
    watch.renewed(sign(2, 0), 1_000);
    watch.renewed(sign(1, 0), 5_000);
    assertThat(watch.overdue(live, 6_000, false)).isEmpty();
    assertThat(watch.overdue(live, 6_001, false)).containsExactly(new SessionId(2));
  }

  @Test
  void aNewLeaderStartsAllTimersAnew() {
    watch.renewed(sign(1, 0), 1_000);
    watch.renewed(sign(2, 0), 1_000);
    watch.restart(20_000);
    assertThat(watch.overdue(live, 20_001, false)).isEmpty();
    assertThat(watch.overdue(live, 25_001, false)).isEmpty();
    assertThat(watch.overdue(live, 25_002, false)).hasSize(2);
  }

  @Test
  void anOrphanIsFreeOnlyWhenAllHaveSeenItAndNoneHoldsIt() {
    watch.restart(0);
    watch.renewed(sign(1, 100), 1);
    assertThat(watch.reapable(List.of(ORPHAN), live)).as("one was not heard of").isEmpty();
    watch.renewed(sign(2, 99), 1);
    assertThat(watch.reapable(List.of(ORPHAN), live)).as("one has not applied it").isEmpty();
    watch.renewed(sign(2, 100, 7), 2);
    assertThat(watch.reapable(List.of(ORPHAN), live)).as("one holds it").isEmpty();
    watch.renewed(sign(2, 101).toBuilder().setComplete(false).build(), 2);
    assertThat(watch.reapable(List.of(ORPHAN), live)).as("one holds too many to say").isEmpty();
    watch.renewed(sign(2, 101, 8), 2);
    assertThat(watch.reapable(List.of(ORPHAN), live)).containsExactly(new InodeId(7));
    watch.restart(3);
    assertThat(watch.reapable(List.of(ORPHAN), live)).as("a new leader knows nothing").isEmpty();
  }

  /** Its holder was told that it lives, and would read what is another's a moment later. */
  @Test
  void whoIsBeingExpiredIsNotRenewedAnyMore() {
    watch.begin(0);
    watch.renewed(sign(1, 0), 1_000);
    watch.renewed(sign(2, 0), 1_000);
    watch.renewed(sign(1, 0), 5_000);
    assertThat(watch.overdue(live, 6_001, false)).containsExactly(new SessionId(2));
    assertThat(watch.renewed(sign(2, 0), 6_002)).as("its end was not proposed").isTrue();
    assertThat(watch.renewed(sign(1, 0), 9_000)).isTrue();
    assertThat(watch.overdue(live, 11_003, true)).containsExactly(new SessionId(2));
    assertThat(watch.renewed(sign(2, 0), 11_004)).isFalse();
    watch.restart(11_005);
    assertThat(watch.renewed(sign(2, 0), 11_006)).as("proposed all the same").isFalse();
    assertThat(watch.overdue(live, 11_007, true)).containsExactly(new SessionId(2));
    assertThat(watch.overdue(live.subList(0, 1), 11_008, true)).as("it is over").isEmpty();
    assertThat(watch.renewed(sign(2, 0), 11_009)).as("looked up when it was not").isFalse();
    watch.begin(20_000);
    assertThat(watch.renewed(sign(2, 0), 20_001)).as("the entry was lost").isTrue();
  }
}
