package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileLock.Type;
import io.pandofs.meta.FileType;
import io.pandofs.meta.ForeignLeaseException;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.Standing;
import io.pandofs.meta.ahead.Ahead;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Schedules that chance rarely finds; see {@link AheadModelTest} for the rest. */
class AheadTest {
  private final EngineRig rig = new EngineRig();
  private final InodeId directory = rig.directory("d");
  private final InodeId file = rig.create(directory, "f", FileType.REGULAR).inode();
  private final List<String> broken = new ArrayList<>();

  /** A session on a node whose tables are as of when a test says. */
  private final class Mount {
    final List<Reply> said = new ArrayList<>();
    final List<Ahead.Progress> underWay = new ArrayList<>();
    final List<CompletableFuture<Reply>> answers = new ArrayList<>();
    final SessionId session =
        new SessionId(rig.apply(new LogEntry.RegisterSession(rig.node, EngineRig.NOW)).number());
    MemoryStore tables = rig.store.copy();
    long sequence;
    final Ahead ahead =
        new Ahead(
            session,
            () -> new Now(tables.copy()),
            (request, forEver, progress) -> {
              progress.numbered(++sequence);
              underWay.add(progress);
              LogEntry entry =
                  new LogEntry.Batch(session, sequence, sequence - 1, List.of(request));
              said.add(rig.apply(entry).replies().get(0));
              answers.add(new CompletableFuture<>());
              return answers.get(answers.size() - 1);
            },
            broken::add);

    void catchUp() {
      tables = rig.store.copy();
    }

    /** The log's answers arrive. */
    void hear() {
      for (int i = 0; i < said.size(); i++) {
        underWay.get(i).concluded();
        answers.get(i).complete(said.get(i));
      }
    }

    Reply commit(Operation operation) {
      CompletableFuture<Reply> answer = ahead.submit(request(operation), false);
      catchUp();
      hear();
      return answer.join();
    }

    TableView view() throws ErrnoException {
      return ahead.look(
          () -> new Now(tables.copy()),
          (now, seen, returning) -> TableView.of(session, returning, seen, 0, () -> {}));
    }
  }

  private record Now(ReadStore store) implements Ahead.Tables {
    @Override
    public void close() {}
  }

  private static Request request(Operation operation) {
    return new Request(operation, Caller.ROOT, EngineRig.NOW);
  }

  private Request chmod() {
    return request(new Operation.SetAttributes(file, 0600, null, null, null, null, null));
  }

  /**
   * When a file's own lease is given back, the lease that another mount has of the directory covers
   * it again, and that mount may know first.
   */
  @Test
  void whoGaveALeaseBackSeesNothingByIt() throws Exception {
    Mount here = new Mount();
    Mount there = new Mount();
    assertThat(here.commit(new Operation.AcquireLease(file)).errno()).isEqualTo(Errno.OK);
    assertThat(there.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    here.catchUp();
    assertThat(here.view().attributes(file).holder()).isEqualTo(here.session);

    CompletableFuture<Reply> back =
        here.ahead.submit(request(new Operation.ReleaseLeases(List.of(file))), false);
    there.catchUp();
    assertThat(there.ahead.answer(chmod()).reply().errno()).isEqualTo(Errno.OK);
    assertThatThrownBy(() -> here.view().attributes(file))
        .isInstanceOf(ForeignLeaseException.class);
    CompletableFuture<?> known = here.ahead.returned(file);
    assertThat(known).isNotDone();

    here.catchUp();
    here.hear();
    assertThat(back).isCompletedWithValue(Reply.OK);
    assertThat(known).isDone();
    assertThatThrownBy(() -> here.view().attributes(file))
        .isInstanceOfSatisfying(
            ForeignLeaseException.class, e -> assertThat(e.holder()).isEqualTo(there.session));
    there.hear();
    assertThat(broken).isEmpty();
  }

  /** A grant that is not released may not be known to others: they look at the file yet. */
  @Test
  void aLeaseCountsWhenItsGrantIsAnswered() {
    Mount here = new Mount();
    CompletableFuture<Reply> granted =
        here.ahead.submit(request(new Operation.AcquireLease(directory)), false);
    here.catchUp();
    assertThat(here.ahead.answer(chmod())).isEqualTo(Ahead.Attempt.NOT_AHEAD);
    here.hear();
    assertThat(granted).isDone();
    assertThat(here.ahead.answer(chmod()).reply().errno()).isEqualTo(Errno.OK);
  }

  /** Else a mount with several threads would have one that waits under way for ever. */
  @Test
  void whoMeetsOneThatWaitsForTheLogIsNotSentAfterIt() {
    Mount here = new Mount();
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    Request cut = request(new Operation.SetAttributes(file, null, null, null, 5L, null, null));
    assertThat(here.ahead.answer(cut)).isEqualTo(Ahead.Attempt.NOT_AHEAD);
    CompletableFuture<Reply> waits = here.ahead.submit(cut, false);
    Ahead.Attempt attempt = here.ahead.answer(chmod());
    assertThat(attempt.reply()).isNull();
    assertThat(attempt.over()).isNotDone();
    here.catchUp();
    here.hear();
    assertThat(waits).isDone();
    assertThat(attempt.over()).isDone();
    assertThat(here.ahead.answer(chmod()).reply().attributes().sizeBytes()).isEqualTo(5);
  }

  /** The log answers what leases cover before this node has heard of its commit. */
  @Test
  void whatTheLogHasAnsweredLiesOverTablesThatDoNotHaveItYet() throws Exception {
    Mount here = new Mount();
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    assertThat(here.ahead.answer(chmod()).reply().errno()).isEqualTo(Errno.OK);
    here.hear();
    assertThat(here.view().attributes(file).permissions()).isEqualTo(0600);
    Request owner = request(new Operation.SetAttributes(file, null, 7, null, null, null, null));
    Reply next = here.ahead.answer(owner).reply();
    assertThat(next).as("not sent to wait for the log").isNotNull();
    assertThat(next.attributes().permissions()).isEqualTo(0600);
    here.catchUp();
    here.hear();
    assertThat(here.view().attributes(file).uid()).isEqualTo(7);
    assertThat(broken).isEmpty();
  }

  /** Its rows are nowhere else. */
  @Test
  void tablesThatLackWhatWaitedForTheLogDecideNothing() {
    Mount here = new Mount();
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    CompletableFuture<Reply> waits =
        here.ahead.submit(
            request(new Operation.SetAttributes(file, null, null, null, 5L, null, null)), false);
    here.hear();
    assertThat(waits).isDone();
    assertThat(here.ahead.answer(chmod())).isEqualTo(Ahead.Attempt.NOT_AHEAD);
    here.catchUp();
    assertThat(here.ahead.answer(chmod()).reply().attributes().sizeBytes()).isEqualTo(5);
  }

  private Operation lock(long first, long last, FileLock.@Nullable Type type, long ticket) {
    return new Operation.SetLock(file, FileLock.Kind.POSIX, 1, first, last, type, 7, ticket);
  }

  /** Its owner may have heard that it is gone, and have told. */
  @Test
  void aLockInTheWayIsForTheLogToSee() {
    Mount here = new Mount();
    Mount there = new Mount();
    assertThat(there.commit(lock(0, 9, Type.EXCLUSIVE, 0))).isEqualTo(Reply.OK);
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    // A lease of others does not keep anybody from giving a lock up.
    assertThat(there.commit(lock(0, 9, null, 0))).isEqualTo(Reply.OK);
    Request wanted = request(lock(5, 5, Type.SHARED, 0));
    assertThat(here.ahead.answer(wanted)).isEqualTo(Ahead.Attempt.NOT_AHEAD);
    here.catchUp();
    assertThat(here.ahead.answer(wanted).reply()).isEqualTo(Reply.OK);
    here.hear();
    assertThat(broken).isEmpty();
  }

  /** The end of a session that the lease says nothing of grants it. */
  @Test
  void whereSomebodyWaitsForALockNoneIsTakenAhead() {
    Mount here = new Mount();
    Mount there = new Mount();
    Mount third = new Mount();
    assertThat(there.commit(lock(0, 0, Type.EXCLUSIVE, 0))).isEqualTo(Reply.OK);
    assertThat(third.commit(lock(0, 9, Type.EXCLUSIVE, 1))).isEqualTo(Operation.SetLock.WAITS);
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    LogReply unused = rig.apply(new LogEntry.ExpireSession(there.session));
    Request wanted = request(lock(5, 5, Type.SHARED, 0));
    assertThat(here.ahead.answer(wanted)).isEqualTo(Ahead.Attempt.NOT_AHEAD);
    assertThat(here.commit(wanted.operation()).errno()).isEqualTo(Errno.EAGAIN);
  }

  @Test
  void locksOfALeasedFileAreNobodyElsesToSee() throws Exception {
    Mount here = new Mount();
    Mount there = new Mount();
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    there.catchUp();
    FileLock wanted = new FileLock(FileLock.Kind.POSIX, there.session, 1, 0, 9, Type.EXCLUSIVE, 7);
    assertThatThrownBy(() -> there.view().lockAgainst(file, wanted))
        .isInstanceOf(ForeignLeaseException.class);
    assertThat(there.commit(lock(0, 9, Type.EXCLUSIVE, 0)).errno()).isEqualTo(Errno.LEASED);
    assertThat(here.view().lockAgainst(file, wanted)).isNull();
  }

  /** Two mounts that each move one below the other's would make a circle that neither sees. */
  @Test
  void aDirectoryDoesNotGetAnotherParentAhead() {
    InodeId other = rig.directory("e");
    InodeId moved = rig.create(directory, "sub", FileType.DIRECTORY).inode();
    Mount here = new Mount();
    for (InodeId inode : List.of(directory, other, moved)) {
      assertThat(here.commit(new Operation.AcquireLease(inode)).errno()).isEqualTo(Errno.OK);
    }
    FileName from = EngineRig.name("sub");
    FileName to = EngineRig.name("to");
    Operation away = new Operation.Rename(directory, from, other, to, 0);
    assertThat(here.ahead.answer(request(away))).isEqualTo(Ahead.Attempt.NOT_AHEAD);
    Operation within = new Operation.Rename(directory, from, directory, to, 0);
    assertThat(here.ahead.answer(request(within)).reply()).isEqualTo(Reply.OK);
    Operation ofAFile = new Operation.Rename(directory, EngineRig.name("f"), other, to, 0);
    assertThat(here.ahead.answer(request(ofAFile)).reply()).isEqualTo(Reply.OK);
    here.hear();
    assertThat(broken).isEmpty();
  }

  /** The log frees it when nobody holds it open, whoever has a lease of it. */
  @Test
  void nothingIsAnsweredAheadAboutWhatHasNoName() {
    Mount here = new Mount();
    assertThat(here.commit(new Operation.AcquireLease(file)).errno()).isEqualTo(Errno.OK);
    assertThat(here.ahead.answer(chmod()).reply().errno()).isEqualTo(Errno.OK);
    here.catchUp();
    here.hear();
    Operation unlink = new Operation.Unlink(directory, EngineRig.name("f"));
    assertThat(here.commit(unlink).errno()).isEqualTo(Errno.OK);
    assertThat(here.ahead.answer(chmod())).isEqualTo(Ahead.Attempt.NOT_AHEAD);
  }

  /** Others may look at what it was before, as long as they have not confirmed the change. */
  @Test
  void whatTheTablesHaveIsUnderWayUntilItIsAnswered() {
    Mount here = new Mount();
    InodeId other = rig.directory("e");
    rig.create(other, "x", FileType.REGULAR);
    here.catchUp();
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    FileName name = EngineRig.name("x");
    CompletableFuture<Reply> moved =
        here.ahead.submit(request(new Operation.Rename(other, name, directory, name, 0)), false);
    here.catchUp();
    Request made =
        request(
            new Operation.Create(
                directory, name, rig.nextInode(), FileType.DIRECTORY, 0755, 0, null, true));
    assertThat(here.ahead.answer(made).reply()).as("EEXIST is not known elsewhere").isNull();
    here.hear();
    assertThat(moved).isDone();
    assertThat(here.ahead.answer(made).reply().errno()).isEqualTo(Errno.EEXIST);
  }

  /** Its caller has gone, but others may look at what was before. */
  @Test
  void whatIsGivenUpIsUnderWayUntilTheLogHasAnsweredIt() {
    Mount here = new Mount();
    InodeId other = rig.directory("e");
    rig.create(other, "x", FileType.REGULAR);
    here.catchUp();
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    FileName name = EngineRig.name("x");
    CompletableFuture<Reply> moved =
        here.ahead.submit(request(new Operation.Rename(other, name, directory, name, 0)), false);
    here.answers.get(1).complete(Reply.failed(Errno.EIO));
    assertThat(moved).isDone();
    here.catchUp();
    Operation unlink = new Operation.Unlink(directory, name);
    assertThat(here.ahead.answer(request(unlink)).reply()).as("it is in e elsewhere").isNull();
    here.hear();
    assertThat(here.ahead.answer(request(unlink)).reply()).isEqualTo(Reply.OK);
  }

  /** The session's end counts what is on its way, whoever hears of it first. */
  @Test
  void whatIsOnItsWayWhenTheSessionEndsIsLost() {
    Mount here = new Mount();
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    assertThat(here.ahead.answer(chmod()).reply().errno()).isEqualTo(Errno.OK);
    Request read = request(new Operation.Accessed(file, new Timestamp(1_900_000_000, 0)));
    assertThat(here.ahead.answer(read).reply().errno()).isEqualTo(Errno.OK);
    CompletableFuture<Boolean> logged = here.ahead.logged();
    here.underWay.get(1).concluded();
    here.ahead.end();
    assertThat(here.ahead.lost()).as("but for who has read what").isEqualTo(1);
    assertThat(here.ahead.answer(chmod())).isEqualTo(Ahead.Attempt.NOT_AHEAD);
    for (int i = 1; i < 3; i++) {
      here.underWay.get(i).concluded();
      here.answers.get(i).complete(Reply.failed(Errno.EIO));
    }
    assertThat(here.ahead.lost()).isEqualTo(1);
    assertThat(logged).isCompletedWithValue(false);
  }

  /** What waits does not say that it touches it: the tables did not have it when it was sent. */
  @Test
  void whatComesIntoADirectoryIsUnderWayWithIt() {
    Mount here = new Mount();
    InodeId other = rig.directory("e");
    here.catchUp();
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    InodeId late = rig.create(other, "x", FileType.REGULAR).inode();
    FileName name = EngineRig.name("x");
    CompletableFuture<Reply> moved =
        here.ahead.submit(request(new Operation.Rename(other, name, directory, name, 0)), false);
    here.catchUp();
    Request change = request(new Operation.SetAttributes(late, 0600, null, null, null, null, null));
    assertThat(here.ahead.answer(change).reply()).as("elsewhere it is in e yet").isNull();
    here.hear();
    assertThat(moved).isCompletedWithValue(Reply.OK);
    assertThat(here.ahead.answer(change).reply().errno()).isEqualTo(Errno.OK);
  }

  /** What was answered on top of what the log refuses must not come about. */
  @Test
  void theLogEndsASessionThatHasAnsweredOtherwise() throws Exception {
    Mount here = new Mount();
    Request refused = chmod().with(Standing.AHEAD);
    Request next =
        request(new Operation.Unlink(directory, EngineRig.name("f"))).with(Standing.ALONE);
    LogEntry batch = new LogEntry.Batch(here.session, 1, 0, List.of(refused, next));
    assertThat(rig.apply(batch).status()).isEqualTo(LogReply.Status.DIVERGED);
    assertThat(rig.attributes(file).links()).isEqualTo(1);
    assertThat(Sessions.isLive(rig.store, here.session)).isFalse();
    LogEntry later = new LogEntry.Batch(here.session, 2, 0, List.of(next));
    assertThat(rig.apply(later).status()).isEqualTo(LogReply.Status.FENCED);
  }

  @Test
  void anAnswerThatTheLogDoesNotRepeatIsTold() {
    Mount here = new Mount();
    assertThat(here.commit(new Operation.AcquireLease(directory)).errno()).isEqualTo(Errno.OK);
    assertThat(here.ahead.answer(chmod()).reply().errno()).isEqualTo(Errno.OK);
    here.answers.get(1).complete(Reply.failed(Errno.EIO));
    assertThat(broken).hasSize(1);
    assertThat(broken.get(0)).contains("SetAttributes", "EIO");
  }

  /** The block of what is cut ahead may leave the tables meanwhile, and its row goes elsewhere. */
  @Test
  void whatWasCutAheadIsCutAgainAfterItsBytesHaveMoved() throws Exception {
    Operation.Write first = rig.writeInline(file, 0, 4);
    assertThat(rig.errno(first)).isEqualTo(Errno.OK);
    OverlayStore once = new OverlayStore(new MemoryStore(), rig.store, 1);
    assertThat(over(once, rig.writeInline(file, 1, 1))).isEqualTo(Errno.OK);

    InlineBlock block = first.inline().get(0);
    NewBlock stored = new NewBlock(block.block(), 4, block.crc32c(), 1, List.of(rig.node));
    assertThat(rig.submit(new Operation.MoveInline(List.of(stored))).number()).isEqualTo(1);
    OverlayStore twice = new OverlayStore(once.rows(), rig.store, 2);
    assertThat(Extents.find(twice, file.value(), 0, 4)).hasSize(3);
    assertThat(over(twice, rig.writeInline(file, 0, 4))).isEqualTo(Errno.OK);
    assertThat(Extents.find(twice, file.value(), 0, 4)).hasSize(1);
  }

  /** Others may share a block that is cut ahead, and the overlay's count does not know of it. */
  @Test
  void bytesThatAreSharedMeanwhileStayThoughTheOverlayCountsNobody() throws Exception {
    InodeId other = rig.file("other");
    InodeId third = rig.file("third");
    Operation.Write first = rig.writeInline(file, 0, 4);
    assertThat(rig.errno(first)).isEqualTo(Errno.OK);
    assertThat(rig.errno(rig.writeInline(file, 1, 1))).isEqualTo(Errno.OK);
    assertThat(rig.errno(new Operation.CopyRange(file, 0, other, 0, 1))).isEqualTo(Errno.OK);

    OverlayStore once = new OverlayStore(new MemoryStore(), rig.store, 1);
    assertThat(over(once, rig.writeInline(file, 0, 1))).isEqualTo(Errno.OK);
    assertThat(rig.errno(new Operation.CopyRange(other, 0, third, 0, 1))).isEqualTo(Errno.OK);
    OverlayStore twice = new OverlayStore(once.rows(), rig.store, 2);
    assertThat(over(twice, rig.writeInline(file, 2, 2))).isEqualTo(Errno.OK);
    assertThat(over(twice, rig.writeInline(other, 0, 1))).isEqualTo(Errno.OK);
    InlineBlock shared = first.inline().get(0);
    assertThat(Extents.find(twice, third.value(), 0, 1).get(0).block()).isEqualTo(shared.block());
    assertThat(InlineScan.find(twice, shared.block())).isEqualTo(shared.bytes());
    assertThat(over(twice, rig.writeInline(third, 0, 1))).isEqualTo(Errno.OK);
  }

  private Errno over(OverlayStore store, Operation operation) {
    Touch all = (inode, isOrphan, leased, isOwn) -> true;
    return OperationEngine.ahead(rig.session, new Granted(), request(operation), store, all)
        .errno();
  }
}
