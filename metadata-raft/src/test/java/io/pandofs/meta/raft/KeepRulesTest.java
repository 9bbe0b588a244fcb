package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.InodeId;
import io.pandofs.meta.ChangeWatcher;
import io.pandofs.meta.Changes;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What mounts keep of what they were shown (PROTOCOL rules 2 and 5); see {@link LeaseRig}. */
class KeepRulesTest {
  private static final long MS = 1_000_000;

  private final LeaseRig rig = new LeaseRig(3);
  private final LeaseRig.Node a = rig.node(1);
  private final LeaseRig.Node b = rig.node(2);
  private final LeaseRig.Node c = rig.node(3);
  private final Keeper keeper = new Keeper();
  private final ConfirmGate gate = new ConfirmGate(b.freshness, b.kept);

  /** A mount of B. */
  private static final class Keeper implements ChangeWatcher {
    CompletableFuture<Void> dropped = new CompletableFuture<>();
    Changes told;
    int droppedAll;

    @Override
    public CompletableFuture<Void> changed(Changes changes) {
      told = changes;
      return dropped;
    }

    @Override
    public CompletableFuture<Void> everythingChanged() {
      droppedAll++;
      return dropped;
    }
  }

  private static Changes change(long inode) {
    return new Changes(Set.of(new InodeId(inode)), Map.of(), false);
  }

  private void lead() {
    rig.led(1, 1, 10);
    b.kept.add(keeper);
  }

  @Test
  void onlyWhoIsFreshKeepsAndNoLongerThanThat() {
    assertThat(b.freshness.keepNanos()).isZero();
    lead();
    assertThat(b.freshness.keepNanos()).isEqualTo(Freshness.KEEP_MAX.toNanos());
    rig.clock.pass(LeaseRig.LEASE - 30 * MS);
    assertThat(b.freshness.keepNanos()).isBetween(1L, 30 * MS);
    rig.clock.pass(30 * MS);
    assertThat(b.freshness.keepNanos()).isZero();
  }

  @Test
  void aChangeIsConfirmedWhenNothingOlderIsKept() {
    lead();
    CompletableFuture<Long> acknowledged = rig.commit(a, 11);
    c.apply(11);
    c.exchange(a);
    gate.applied(11, true, change(7));
    b.exchange(a);
    assertThat(keeper.told).isEqualTo(change(7));
    assertThat(acknowledged).isNotDone();
    keeper.dropped.complete(null);
    b.exchange(a);
    assertThat(acknowledged).isDone();
  }

  @Test
  void changesAreConfirmedInTheirOrder() {
    lead();
    final CompletableFuture<Long> first = rig.commit(a, 11);
    final CompletableFuture<Long> third = rig.commit(a, 13);
    c.apply(13);
    c.exchange(a);
    CompletableFuture<Void> slow = keeper.dropped;
    gate.applied(11, true, change(7));
    gate.applied(12, false, change(7));
    keeper.dropped = CompletableFuture.completedFuture(null);
    gate.applied(13, true, change(8));
    b.exchange(a);
    assertThat(first).isNotDone();
    slow.complete(null);
    b.exchange(a);
    assertThat(third).isDone();
  }

  /** What a session has a lease of nobody keeps. */
  @Test
  void whatLeasesCoverIsNotTold() {
    lead();
    gate.applied(11, false, change(7));
    assertThat(keeper.told).isNull();
  }

  @Test
  void aLeaseIsGivenUpWhenNothingIsKeptAnyMore() {
    lead();
    assertThat(b.freshness.keepNanos()).isPositive();
    b.freshness.giveUp();
    b.ask(a);
    assertThat(b.freshness.keepNanos()).isZero();
    assertThat(keeper.droppedAll).isEqualTo(1);
    CompletableFuture<Long> acknowledged = rig.commit(a, 11);
    c.apply(11);
    c.exchange(a);
    b.exchange(a);
    assertThat(acknowledged).as("B keeps something yet").isNotDone();
    keeper.dropped.complete(null);
    b.exchange(a);
    assertThat(acknowledged).isDone();
  }

  /** The first question in a term ends the lease of the one before. */
  @Test
  void nothingIsAskedInANewTermWhileAnythingIsKept() {
    lead();
    assertThat(b.freshness.keepNanos()).isPositive();
    b.exchange(a);
    b.term = 2;
    b.freshness.leaderChanged();
    assertThat(b.outgoing).isEmpty();
    assertThat(b.freshness.isFresh()).isFalse();
    keeper.dropped.complete(null);
    assertThat(b.outgoing).hasSize(1);
    assertThat(b.outgoing.element().request.getTerm()).isEqualTo(2);
  }

  @Test
  void newTablesAreConfirmedWhenNothingOfTheOldIsKept() {
    lead();
    b.freshness.giveUp();
    gate.replaced(20);
    b.exchange(a);
    b.freshness.leaderChanged();
    assertThat(b.outgoing.element().request.getApplied()).isEqualTo(10);
    keeper.dropped.complete(null);
    b.freshness.leaderChanged();
    assertThat(b.outgoing.getLast().request.getApplied()).isEqualTo(20);
  }

  /** The tables may be replaced twice before the first time is taken in. */
  @Test
  void aLeaseThatIsGivenUpTwiceIsNotRegainedInBetween() {
    lead();
    b.freshness.giveUp();
    gate.replaced(20);
    b.freshness.giveUp();
    keeper.dropped.complete(null);
    b.ask(a);
    b.ask(a);
    assertThat(b.freshness.isFresh()).isFalse();
    gate.replaced(30);
    b.ask(a);
    b.ask(a);
    assertThat(b.freshness.isFresh()).isTrue();
  }

  @Test
  void whoHasNoReadersAnyMoreSaysSoWhenNothingIsKept() {
    lead();
    assertThat(b.freshness.keepNanos()).isPositive();
    b.exchange(a);
    b.freshness.wanted(false);
    b.freshness.wanted(true);
    assertThat(b.freshness.isFresh()).isFalse();
    assertThat(b.outgoing).isEmpty();
    keeper.dropped.complete(null);
    b.ask(a);
    assertThat(b.freshness.isFresh()).isTrue();
  }

  /** By its own clock: what it keeps has run out by then, but for who was slow to begin with it. */
  @Test
  void whatIsKeptIsDroppedWhenTheLeaseHasRunOut() {
    lead();
    assertThat(b.freshness.keepNanos()).isPositive();
    rig.clock.pass(LeaseRig.LEASE);
    b.ask(a);
    assertThat(keeper.droppedAll).isEqualTo(1);
  }

  @Test
  void aMountThatFailsDoesNotStopTheOthers() {
    lead();
    b.kept.add(
        new ChangeWatcher() {
          @Override
          public CompletableFuture<Void> changed(Changes changes) {
            throw new IllegalStateException("as it was told to");
          }

          @Override
          public CompletableFuture<Void> everythingChanged() {
            return CompletableFuture.failedFuture(new IllegalStateException("as it was told to"));
          }
        });
    gate.applied(11, true, change(7));
    assertThat(keeper.told).isEqualTo(change(7));
    CompletableFuture<Void> dropped = b.kept.drop();
    assertThat(dropped).isNotDone();
    keeper.dropped.complete(null);
    assertThat(dropped).isCompleted();
  }

  @Test
  void aMountThatIsGoneIsNotWaitedFor() {
    lead();
    b.kept.remove(keeper);
    CompletableFuture<Long> acknowledged = rig.commit(a, 11);
    c.apply(11);
    c.exchange(a);
    gate.applied(11, true, change(7));
    b.exchange(a);
    assertThat(acknowledged).isDone();
  }
}
