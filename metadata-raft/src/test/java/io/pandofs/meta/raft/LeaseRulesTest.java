package io.pandofs.meta.raft;

import static io.pandofs.meta.raft.LeaseRig.LEASE;
import static io.pandofs.meta.raft.LeaseRig.MS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.meta.raft.LeaseRig.Hop;
import io.pandofs.meta.raft.LeaseRig.Node;
import io.pandofs.meta.wire.ConfirmRequest;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The schedules that PROTOCOL rules 1 and 6 answer. */
@SuppressWarnings("FutureReturnValueIgnored") // what comes of them is looked at elsewhere
class LeaseRulesTest {
  private final LeaseRig rig = new LeaseRig(3);
  private final Node a = rig.node(1);
  private final Node b = rig.node(2);
  private final Node c = rig.node(3);

  @Test
  void acknowledgedOnlyWhenEachHolderHasConfirmed() {
    rig.led(1, 1, 10);
    assertThat(b.freshness.isFresh() && c.freshness.isFresh() && a.freshness.isFresh()).isTrue();
    CompletableFuture<Long> acknowledged = rig.commit(a, 11);
    b.apply(11);
    b.exchange(a);
    assertThat(acknowledged).isNotDone();
    c.apply(11);
    c.exchange(a);
    assertThat(acknowledged).isCompletedWithValue(11L);
    assertThat(b.freshness.released()).as("told in the answer that waited").isEqualTo(11);
  }

  /** Nobody answers from it before the lease is over, and that is a public entry. */
  @Test
  void whatLeasesCoverIsNotWaitedForAndWhatComesThenIs() {
    rig.led(1, 1, 10);
    assertThat(rig.commit(a, 11, false)).isCompletedWithValue(11L);
    b.freshness.applied(11, false);
    assertThat(b.outgoing).as("nobody waits for it").isEmpty();
    CompletableFuture<Long> acknowledged = rig.commit(a, 12);
    assertThat(rig.commit(a, 13, false)).isNotDone();
    b.apply(12);
    b.exchange(a);
    assertThat(acknowledged).isNotDone();
    c.freshness.applied(11, false);
    c.ask(a);
    assertThat(acknowledged).as("C has not confirmed it").isNotDone();
    c.apply(12);
    c.exchange(a);
    assertThat(acknowledged).isDone();
    assertThat(a.releases.readIndex()).isEqualTo(13);
  }

  @Test
  void whoIsBehindOnlyByWhatLeasesCoverIsFresh() {
    rig.led(1, 1, 10);
    long index = 10;
    for (int ms = 0; ms < 1500; ms += 20) {
      rig.commit(a, ++index, false);
      rig.clock.pass(20 * MS);
      // B learns of each commit at once, C of none.
      b.freshness.applied(index, false);
      rig.nodes.values().forEach(node -> node.ask(a));
      assertThat(b.freshness.isFresh() && c.freshness.isFresh()).isTrue();
    }
    c.restart();
    c.apply(10);
    c.ask(a);
    assertThat(c.freshness.isFresh()).as("a new lease").isTrue();
  }

  @Test
  void whoLacksAPublicEntryGetsNoLeaseWhateverCameAfterIt() {
    rig.led(1, 1, 10);
    c.freshness.wanted(false);
    c.exchange(a);
    CompletableFuture<Long> acknowledged = rig.commit(a, 11);
    b.apply(11);
    b.exchange(a);
    assertThat(acknowledged).isDone();
    rig.commit(a, 12, false);
    c.restart();
    c.apply(10);
    c.ask(a);
    assertThat(c.freshness.isFresh()).isFalse();
    c.apply(11);
    c.ask(a);
    assertThat(c.freshness.isFresh()).as("12 is none that it could show").isTrue();
  }

  /** What entries were that it applied as a follower, a new leader does not know. */
  @Test
  void aNewLeaderTakesAllThatIsOldForPublic() {
    rig.led(1, 1, 10);
    rig.commit(a, 11, false);
    b.freshness.applied(11, false);
    Node next = rig.led(2, 2, 11);
    c.restart();
    c.term = 2;
    c.apply(10);
    rig.clock.pass(300 * MS);
    next.ask(next);
    c.ask(next);
    assertThat(c.freshness.isFresh()).isFalse();
  }

  /** A reader here has to wait for what a lease covered when it is asked for. */
  @Test
  void aWaitForWhatLeasesCoveredIsAnsweredAtOnce() {
    rig.led(1, 1, 10);
    rig.commit(a, 11, false);
    b.freshness.applied(11, false);
    CompletableFuture<Void> shown = b.freshness.whenReleased(11);
    b.exchange(a);
    assertThat(shown).isDone();
  }

  @Test
  void aWaitForWhatLeasesCoveredIsNotForgottenBehindAnEarlierQuestion() {
    rig.led(1, 1, 10);
    b.freshness.leaderChanged();
    LeaseRig.Hop earlier = b.reach(a);
    assertThat(earlier.answer).isDone();
    rig.commit(a, 11, false);
    b.freshness.applied(11, false);
    CompletableFuture<Void> shown = b.freshness.whenReleased(11);
    earlier.back.complete(earlier.answer.join());
    b.exchange(a);
    assertThat(shown).isDone();
  }

  @Test
  void aSilentHolderDelaysByItsLeaseAndIsNotFreshAfterwards() {
    rig.led(1, 1, 10);
    CompletableFuture<Long> acknowledged = rig.commit(a, 11);
    b.apply(11);
    b.exchange(a);
    for (int ms = 0; ms < 300; ms++) {
      rig.clock.pass(MS);
      if (acknowledged.isDone()) {
        assertThat(c.freshness.isFresh()).isFalse();
        assertThat(ms).isBetween(150, 253);
        return;
      }
    }
    throw new AssertionError("never acknowledged");
  }

  @Test
  void aChangeIsShownOnlyWhenItIsReleased() {
    InodeId changed = new InodeId(7);
    InodeId other = new InodeId(8);
    rig.led(1, 1, 10);
    rig.commit(a, 11);
    b.dirty.changed(11, Set.of(changed));
    b.apply(11);
    b.exchange(a);
    assertThat(b.freshness.isFresh()).isTrue();
    assertThat(b.dirty.lastChange(changed)).isGreaterThan(b.freshness.released());
    assertThat(b.dirty.lastChange(other)).isLessThanOrEqualTo(b.freshness.released());
    CompletableFuture<Void> shown = b.freshness.whenReleased(11);
    assertThat(shown).isNotDone();
    c.apply(11);
    c.exchange(a);
    assertThat(shown).isCompleted();
    assertThat(b.dirty.lastChange(changed)).isEqualTo(-1);
  }

  @Test
  void aNewLeaderAcknowledgesNothingForOneLease() {
    rig.led(1, 1, 10);
    // C knows nothing of the new leader and is one entry behind.
    b.term = 2;
    b.releases.look(() -> 2, () -> 11);
    CompletableFuture<Long> acknowledged = rig.commit(b, 12);
    for (int ms = 0; ms < 252; ms++) {
      rig.clock.pass(MS);
      assertThat(acknowledged).as("after %d ms", ms).isNotDone();
      b.ask(b);
    }
    rig.clock.pass(MS);
    assertThat(acknowledged).isDone();
    assertThat(c.freshness.isFresh()).isFalse();
  }

  @Test
  void aNewLeaderDoesNotWaitWhenAllHaveConfirmedItsTerm() {
    rig.led(1, 1, 10);
    Hop late = lateQuestion(c);
    b.releases.look(() -> 2, () -> 11);
    for (Node node : List.of(a, b, c)) {
      node.term = 2;
      node.apply(11);
      node.ask(b);
    }
    assertThat(rig.commit(b, 12)).as("nobody holds a lease yet").isDone();
    // What the old leader answers now is worth nothing.
    late.back.complete(late.answer.join());
    assertThat(c.freshness.isFresh()).isFalse();
  }

  @Test
  void whoWasRemovedBeforeALeadersProcessBeganMayHoldALease() {
    rig.led(1, 1, 10);
    // C is removed by an entry at 11, and votes until its lease is over.
    a.releases.members(Set.of(a.id, b.id));
    b.restart(Set.of(a.id, b.id));
    b.releases.look(() -> 2, () -> 11);
    for (Node node : List.of(a, b)) {
      node.term = 2;
      node.apply(11);
      node.ask(b);
    }
    CompletableFuture<Long> acknowledged = rig.commit(b, 12);
    assertThat(c.freshness.isFresh()).isTrue();
    assertThat(acknowledged).isNotDone();
    rig.clock.pass(2 * LEASE);
    assertThat(acknowledged).isDone();
  }

  @Test
  void aNewLeaderWaitsOnlyForWhatTheFormerOneCanHaveGranted() {
    rig.clock.pass(2 * LEASE);
    rig.led(1, 1, 10);
    // A is gone, and nobody hears of it; B and C took its last answers just now.
    rig.clock.pass(200 * MS);
    b.term = 2;
    c.term = 2;
    b.releases.look(() -> 2, () -> 11);
    CompletableFuture<Long> acknowledged = rig.commit(b, 12);
    c.apply(12);
    c.ask(b);
    b.ask(b);
    rig.clock.pass(51 * MS);
    assertThat(a.freshness.isFresh()).isFalse();
    assertThat(acknowledged).as("a lease of before may run by a slow clock").isNotDone();
    rig.clock.pass(5 * MS);
    assertThat(acknowledged).isDone();
  }

  @Test
  void whatAFormerLeaderAnsweredCountsAsItsPart() {
    rig.clock.pass(2 * LEASE);
    rig.led(1, 1, 10);
    rig.clock.pass(60 * MS);
    // A proves its term with C's help and grants C a lease from now on; A itself has not asked.
    c.ask(a);
    c.ask(a);
    rig.clock.pass(10 * MS);
    a.term = 2;
    b.term = 2;
    b.releases.look(() -> 2, () -> 11);
    CompletableFuture<Long> acknowledged = rig.commit(b, 12);
    for (Node node : List.of(a, b)) {
      node.apply(12);
      node.ask(b);
    }
    while (c.freshness.isFresh()) {
      assertThat(acknowledged).isNotDone();
      rig.clock.pass(MS);
    }
    rig.clock.pass(5 * MS);
    assertThat(acknowledged).isDone();
  }

  @Test
  void whatOtherVotersSayOfEarlierTermsCountsOnlyAfterALease() {
    rig.clock.pass(2 * LEASE);
    rig.led(1, 1, 10);
    rig.clock.pass(60 * MS);
    // A proves its term with C's help; then the voters become B alone, which has asked long ago.
    c.ask(a);
    c.ask(a);
    rig.voters = List.of(Set.of(b.id));
    rig.nodes.values().forEach(node -> node.releases.watchVoters());
    b.term = 2;
    b.releases.look(() -> 2, () -> 11);
    CompletableFuture<Long> acknowledged = rig.commit(b, 12);
    b.ask(b);
    while (c.freshness.isFresh()) {
      assertThat(acknowledged).isNotDone();
      rig.clock.pass(MS);
    }
    rig.clock.pass(5 * MS);
    assertThat(acknowledged).isDone();
  }

  /** Answered by A, and the answer still on its way. */
  private Hop lateQuestion(Node node) {
    node.freshness.leaderChanged();
    return node.reach(a);
  }

  @Test
  void aLeaseCountsFromBeforeTheQuestion() {
    rig.led(1, 1, 10);
    rig.clock.pass(2 * LEASE);
    b.ask(a);
    c.ask(a);
    b.ask(a);
    Hop hop = lateQuestion(c);
    rig.clock.passStopped(100 * MS);
    hop.back.complete(hop.answer.join());
    assertThat(c.freshness.isFresh()).isTrue();
    rig.clock.passStopped(150 * MS);
    assertThat(c.freshness.isFresh()).isFalse();
  }

  @Test
  void aStoppedProcessWakesWithoutALease() {
    rig.led(1, 1, 10);
    rig.clock.passStopped(LEASE);
    assertThat(a.freshness.isFresh() || b.freshness.isFresh() || c.freshness.isFresh()).isFalse();
  }

  @Test
  void aDeposedLeaderGrantsNothingBeyondWhatTheNextOneWaitsFor() {
    LeaseRig five = new LeaseRig(5);
    Node old = five.led(1, 1, 10);
    Node withIt = five.node(2);
    // From here on 1 and 2 are alone; 3 is elected by the others.
    for (int i = 3; i <= 5; i++) {
      five.node(i).term = 2;
    }
    Node next = five.node(3);
    next.releases.look(() -> 2, () -> 10);
    next.releases.applied(11, true);
    CompletableFuture<Long> acknowledged = next.releases.whenReleased(11);
    for (int ms = 0; ms < 400; ms++) {
      five.clock.pass(MS);
      withIt.ask(old);
      old.ask(old);
      if (acknowledged.isDone()) {
        assertThat(withIt.freshness.isFresh()).isFalse();
        assertThat(old.freshness.isFresh()).as("its own reads").isFalse();
        assertThat(old.releases.readIndexIfProven()).isEqualTo(-1);
      }
    }
    assertThat(acknowledged).isDone();
  }

  @Test
  void whoInstallsACheckpointGivesItsLeaseUpFirst() {
    rig.led(1, 1, 10);
    Hop before = lateQuestion(c);
    c.dirty.everything(40);
    c.freshness.giveUp();
    assertThat(c.freshness.isFresh()).isFalse();
    before.back.complete(before.answer.join());
    assertThat(c.freshness.isFresh()).as("an answer from before").isFalse();
    c.exchange(a);
    CompletableFuture<Long> acknowledged = rig.commit(a, 40);
    b.apply(40);
    b.exchange(a);
    assertThat(acknowledged).as("C is not waited for").isCompleted();
    c.freshness.regain(40, c.freshness.giveUps());
    assertThat(c.dirty.lastChange(new InodeId(99))).as("anything may have changed").isEqualTo(40);
    c.exchange(a);
    c.ask(a);
    assertThat(c.freshness.isFresh()).isTrue();
    assertThat(c.dirty.lastChange(new InodeId(99))).isEqualTo(-1);
  }

  @Test
  void whoLagsIsNotRenewed() {
    rig.led(1, 1, 10);
    CompletableFuture<Long> acknowledged = rig.commit(a, 11);
    b.apply(11);
    for (int ms = 0; ms < 400; ms += 20) {
      rig.clock.pass(20 * MS);
      // C asks and asks, and never gets on.
      a.ask(a);
      b.ask(a);
      c.ask(a);
      assertThat(acknowledged.isDone() && c.freshness.isFresh()).isFalse();
    }
    assertThat(acknowledged).isDone();
    c.ask(a);
    assertThat(c.freshness.isFresh()).isFalse();
    c.apply(11);
    c.ask(a);
    assertThat(c.freshness.isFresh()).as("for a while").isFalse();
    pass(ConfirmPace.BARRED_MIN);
    assertThat(c.freshness.isFresh()).isTrue();
  }

  @Test
  void whoStopsBehindTheIndexThatWasTimedIsNotRenewedEither() {
    rig.led(1, 1, 10);
    CompletableFuture<Long> first = rig.commit(a, 11);
    CompletableFuture<Long> second = rig.commit(a, 12);
    b.apply(12);
    b.exchange(a);
    c.apply(11);
    c.exchange(a);
    assertThat(first).isDone();
    for (int ms = 0; ms < 400; ms += 20) {
      rig.clock.pass(20 * MS);
      rig.nodes.values().forEach(node -> node.ask(a));
    }
    assertThat(second).isDone();
  }

  /** With two there is no majority to be later than, and nobody may be waited for without end. */
  @Test
  void oneOfTwoThatStopsIsNotRenewed() {
    LeaseRig two = new LeaseRig(2);
    Node leader = two.led(1, 1, 10);
    CompletableFuture<Long> acknowledged = two.commit(leader, 11);
    for (int ms = 0; ms < 400; ms += 20) {
      two.clock.pass(20 * MS);
      two.nodes.values().forEach(node -> node.ask(leader));
    }
    assertThat(acknowledged).isDone();
    two.node(2).apply(11);
    two.node(2).ask(leader);
    assertThat(two.node(2).freshness.isFresh()).as("not barred").isTrue();
  }

  /** What holds up the leader, or all, is nobody's lateness. */
  @Test
  void whenAllAreLateNobodyIsBarred() {
    rig.led(1, 1, 10);
    for (long index = 11; index < 20; index++) {
      CompletableFuture<Long> acknowledged = rig.commit(a, index);
      rig.clock.pass(100 * MS);
      for (Node node : List.of(b, c)) {
        node.apply(index);
        node.exchange(a);
        node.ask(a);
      }
      a.ask(a);
      assertThat(acknowledged).isDone();
      assertThat(b.freshness.isFresh() && c.freshness.isFresh()).isTrue();
    }
  }

  /** All nodes ask as often as they do. */
  private void pass(Duration time) {
    for (long ms = 0; ms <= time.toMillis(); ms += 50) {
      rig.clock.pass(50 * MS);
      rig.nodes.values().forEach(node -> node.ask(a));
    }
  }

  /**
   * It has all that is released in each pause, and would hold a lease when the next write comes.
   */
  @Test
  void whoIsAlwaysLateIsWaitedForOnce() {
    rig.led(1, 1, 10);
    int waits = 0;
    for (long index = 11; index < 60; index++) {
      CompletableFuture<Long> acknowledged = rig.commit(a, index);
      b.apply(index);
      b.exchange(a);
      waits += acknowledged.isDone() ? 0 : 1;
      for (int ms = 0; ms < 150; ms += 30) {
        rig.clock.pass(30 * MS);
        rig.nodes.values().forEach(node -> node.ask(a));
      }
      c.apply(index);
      c.exchange(a);
      assertThat(acknowledged).isDone();
      pass(Duration.ofMillis(400));
    }
    assertThat(waits).isEqualTo(1);
    assertThat(b.freshness.isFresh()).isTrue();
  }

  @Test
  void noLeaseForWhoHasNotAppliedAllThatIsReleased() {
    rig.led(1, 1, 10);
    c.freshness.wanted(false);
    c.exchange(a);
    CompletableFuture<Long> acknowledged = rig.commit(a, 11);
    b.apply(11);
    b.exchange(a);
    assertThat(acknowledged).isDone();
    c.freshness.wanted(true);
    c.exchange(a);
    c.ask(a);
    assertThat(c.freshness.isFresh()).isFalse();
  }

  @Test
  void whatAnEarlierProcessConfirmedIsVoid() {
    rig.led(1, 1, 10);
    CompletableFuture<Long> first = rig.commit(a, 11);
    c.apply(11);
    c.exchange(a);
    c.restart();
    c.apply(10);
    c.exchange(a);
    c.ask(a);
    assertThat(c.freshness.isFresh()).as("had all that was released").isTrue();
    b.apply(11);
    b.exchange(a);
    assertThat(first).as("its tables went back").isNotDone();
    c.apply(11);
    c.exchange(a);
    rig.clock.pass(LEASE / 100 * 101 + 2);
    assertThat(first).isDone();
  }

  @Test
  void anOldGivingUpDoesNotUndoANewerLease() {
    rig.led(1, 1, 10);
    c.freshness.wanted(false);
    Hop late = c.outgoing.remove();
    c.freshness.wanted(true);
    c.exchange(a);
    assertThat(c.freshness.isFresh()).isTrue();
    a.releases.confirm(late.request);
    b.apply(11);
    CompletableFuture<Long> acknowledged = rig.commit(a, 11);
    b.exchange(a);
    assertThat(acknowledged).isNotDone();
  }

  @Test
  void twoQuestionsAreUnderWayAtMostAndTheRestIsConfirmedTogether() {
    rig.led(1, 1, 10);
    rig.commit(a, 110);
    for (long index = 11; index <= 110; index++) {
      c.apply(index);
    }
    // The question of the last round has its answer; so two are under way.
    assertThat(c.outgoing).hasSize(2);
    c.exchange(a);
    b.apply(110);
    b.exchange(a);
    assertThat(a.releases.whenReleased(110)).isDone();
  }

  @Test
  void strangersAndLeadersOfLaterTermsAreRefused() {
    rig.led(1, 1, 10);
    ConfirmRequest asked =
        ConfirmRequest.newBuilder().setNode(9).setNumber(1).setTerm(1).setApplied(10).build();
    assertThatThrownBy(() -> a.releases.confirm(asked).join())
        .hasCauseInstanceOf(RefusedException.class);
    ConfirmRequest later = asked.toBuilder().setNode(2).setTerm(2).build();
    assertThatThrownBy(() -> a.releases.confirm(later).join())
        .hasCauseInstanceOf(NoLeaderException.class);
  }

  @Test
  void whoWaitsIsToldWhenTheLeaderIsDeposed() {
    rig.led(1, 1, 10);
    CompletableFuture<Long> acknowledged = rig.commit(a, 11);
    a.releases.look(() -> -1, () -> -1);
    assertThatThrownBy(acknowledged::join).hasCauseInstanceOf(NoLongerLeaderException.class);
    assertThatThrownBy(() -> a.releases.whenReleased(11).join())
        .hasCauseInstanceOf(NoLongerLeaderException.class);
  }

  @Test
  void aProofIsAsOldAsTheOldestOfTheNewestMajority() {
    TermProof proof = new TermProof();
    List<Set<NodeId>> voters = List.of(rig.all);
    assertThat(proof.since(voters, a.id, 100)).isEqualTo(TermProof.NONE);
    proof.heard(b.id, 40);
    assertThat(proof.since(voters, a.id, 100)).isEqualTo(40);
    proof.heard(c.id, 60);
    assertThat(proof.since(voters, a.id, 100)).isEqualTo(60);
    Set<NodeId> before = Set.of(a.id, b.id);
    assertThat(proof.since(List.of(rig.all, before), a.id, 100)).as("both groups").isEqualTo(40);
    assertThat(proof.since(List.of(Set.of(a.id)), a.id, 100)).as("alone").isEqualTo(100);
    assertThat(proof.since(List.of(), a.id, 100)).isEqualTo(TermProof.NONE);
  }

  @Test
  void marksAreBoundedAndThenEverythingIsDirty() {
    DirtyInodes dirty = new DirtyInodes(4);
    for (long i = 1; i <= 5; i++) {
      dirty.changed(i, Set.of(new InodeId(i)));
    }
    assertThat(dirty.lastChange(new InodeId(1000))).isEqualTo(5);
    dirty.changed(6, Set.of(new InodeId(6)));
    dirty.released(5);
    assertThat(dirty.lastChange(new InodeId(1000))).isEqualTo(-1);
    assertThat(dirty.lastChange(new InodeId(6))).isEqualTo(6);
  }

  /**
   * A thread that has seen that nobody leads yet must not take that in after another has seen that
   * this node does: it would forget whoever was granted a lease in between.
   */
  @Test
  void looksAtWhoLeadsAreTakenInInTheirOrder() throws Exception {
    CountDownLatch seen = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Thread slow =
        new Thread(
            () ->
                a.releases.look(
                    () -> {
                      seen.countDown();
                      await(goOn);
                      return -1;
                    },
                    () -> 0));
    Thread quick = new Thread(() -> a.releases.look(() -> 7, () -> 10));
    a.releases.look(() -> 5, () -> 10);
    slow.start();
    await(seen);
    quick.start();
    org.awaitility.Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                quick.getState() == Thread.State.BLOCKED
                    || quick.getState() == Thread.State.TERMINATED);
    goOn.countDown();
    slow.join(20_000);
    quick.join(20_000);
    assertThat(a.releases.whenReleased(11)).as("leads").isNotDone();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
