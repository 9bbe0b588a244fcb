package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileLock.Kind;
import io.pandofs.meta.FileLock.Type;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.log.LogEntry;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** flock(2) and fcntl(2) between sessions. */
class LocksTest {
  private static final long END = Long.MAX_VALUE;

  private final LocksRig rig = new LocksRig();
  private final InodeId file = rig.engine.file("f");
  private final SessionId one = rig.register();
  private final SessionId other = rig.register();

  private Reply posix(
      SessionId session, long owner, long first, long last, @Nullable Type type, long wait) {
    return rig.submit(
        session, new Operation.SetLock(file, Kind.POSIX, owner, first, last, type, 9, wait));
  }

  private Reply flock(SessionId session, long owner, @Nullable Type type, long wait) {
    return rig.submit(
        session, new Operation.SetLock(file, Kind.FLOCK, owner, 0, END, type, 9, wait));
  }

  private List<FileLock> held(Kind kind) {
    return FileLocks.held(rig.engine.store, kind, file);
  }

  private static FileLock lock(SessionId session, long first, long last, Type type) {
    return new FileLock(Kind.POSIX, session, 1, first, last, type, 9);
  }

  @Test
  void aRangeIsCutAndJoinedAgain() {
    assertThat(posix(one, 1, 0, 99, Type.EXCLUSIVE, 0)).isEqualTo(Reply.OK);
    assertThat(posix(one, 1, 40, 59, null, 0)).isEqualTo(Reply.OK);
    assertThat(held(Kind.POSIX))
        .containsExactly(lock(one, 0, 39, Type.EXCLUSIVE), lock(one, 60, 99, Type.EXCLUSIVE));
    assertThat(posix(one, 1, 40, 59, Type.SHARED, 0)).isEqualTo(Reply.OK);
    assertThat(held(Kind.POSIX)).hasSize(3);
    assertThat(posix(one, 1, 30, 69, Type.EXCLUSIVE, 0)).isEqualTo(Reply.OK);
    assertThat(held(Kind.POSIX)).containsExactly(lock(one, 0, 99, Type.EXCLUSIVE));
    assertThat(posix(one, 1, 100, END, Type.EXCLUSIVE, 0)).isEqualTo(Reply.OK);
    assertThat(held(Kind.POSIX)).containsExactly(lock(one, 0, END, Type.EXCLUSIVE));
    assertThat(posix(one, 1, 0, END, null, 0)).isEqualTo(Reply.OK);
    assertThat(rig.rows()).isZero();
  }

  @Test
  void whatConflictsIsRefusedOrWaitsAndComesInOrder() throws Exception {
    posix(one, 1, 10, 20, Type.EXCLUSIVE, 0);
    assertThat(posix(other, 1, 20, 30, Type.SHARED, 0).errno()).isEqualTo(Errno.EAGAIN);
    assertThat(posix(other, 1, 21, 30, Type.SHARED, 0)).isEqualTo(Reply.OK);
    FileLock wanted = new FileLock(Kind.POSIX, other, 5, 0, 100, Type.SHARED, 1);
    assertThat(rig.engine.view().lockAgainst(file, wanted))
        .isEqualTo(lock(one, 10, 20, Type.EXCLUSIVE));
    assertThat(posix(other, 2, 15, 15, Type.EXCLUSIVE, 71)).isEqualTo(Operation.SetLock.WAITS);
    assertThat(posix(other, 3, 15, 15, Type.EXCLUSIVE, 72)).isEqualTo(Operation.SetLock.WAITS);
    assertThat(posix(other, 3, 15, 15, Type.EXCLUSIVE, 72)).isEqualTo(Operation.SetLock.WAITS);
    posix(one, 1, 15, 15, null, 0);
    assertThat(rig.granted).containsExactly(other + " 71");
    // Asked for again, it is the same wait, which is over.
    assertThat(posix(other, 2, 15, 15, Type.EXCLUSIVE, 71)).isEqualTo(Reply.OK);
    posix(other, 2, 0, END, null, 0);
    assertThat(rig.granted).containsExactly(other + " 71", other + " 72");
  }

  @Test
  void oneWhoWaitsNoMoreIsPassedOver() {
    flock(one, 1, Type.EXCLUSIVE, 0);
    flock(other, 1, Type.EXCLUSIVE, 5);
    flock(other, 2, Type.EXCLUSIVE, 6);
    assertThat(rig.submit(other, new Operation.CancelLock(file, Kind.FLOCK, 5)))
        .isEqualTo(Operation.CancelLock.GIVEN_UP);
    assertThat(rig.submit(other, new Operation.CancelLock(file, Kind.FLOCK, 5)))
        .isEqualTo(Reply.OK);
    flock(one, 1, null, 0);
    assertThat(rig.granted).containsExactly(other + " 6");
  }

  @Test
  void whoWaitsForOnesSelfIsTold() {
    posix(one, 1, 0, 0, Type.EXCLUSIVE, 0);
    posix(other, 1, 1, 1, Type.EXCLUSIVE, 0);
    posix(other, 2, 2, 2, Type.EXCLUSIVE, 0);
    assertThat(posix(one, 1, 1, 1, Type.SHARED, 5)).isEqualTo(Operation.SetLock.WAITS);
    assertThat(posix(other, 1, 2, 2, Type.SHARED, 5)).isEqualTo(Operation.SetLock.WAITS);
    assertThat(posix(other, 2, 0, 0, Type.SHARED, 6).errno()).isEqualTo(Errno.EDEADLK);
    assertThat(posix(other, 3, 0, 0, Type.SHARED, 6)).isEqualTo(Operation.SetLock.WAITS);
    posix(one, 1, 0, 0, null, 0);
    assertThat(posix(other, 2, 0, 0, Type.SHARED, 7)).isEqualTo(Reply.OK);
  }

  /** Both hold it shared and want it alone: flock(2) lets one have it. */
  @Test
  void twoWhoWantMoreOfAFlockDoNotWaitForEachOther() {
    flock(one, 1, Type.SHARED, 0);
    flock(other, 1, Type.SHARED, 0);
    assertThat(flock(one, 1, Type.EXCLUSIVE, 0).errno()).isEqualTo(Errno.EAGAIN);
    assertThat(held(Kind.FLOCK)).hasSize(2);
    assertThat(flock(one, 1, Type.EXCLUSIVE, 1)).isEqualTo(Operation.SetLock.WAITS);
    assertThat(flock(other, 1, Type.EXCLUSIVE, 1)).isEqualTo(Reply.OK);
    assertThat(rig.granted).isEmpty();
    flock(other, 1, null, 0);
    assertThat(rig.granted).containsExactly(one + " 1");
  }

  /** What the second one gets takes its own exclusive lock down, which the first waits for. */
  @Test
  void aGrantMayLetAnotherIn() {
    posix(one, 1, 0, 10, Type.EXCLUSIVE, 0);
    posix(other, 1, 11, 20, Type.EXCLUSIVE, 0);
    assertThat(posix(other, 3, 0, 5, Type.SHARED, 1)).isEqualTo(Operation.SetLock.WAITS);
    assertThat(posix(one, 1, 0, 20, Type.SHARED, 1)).isEqualTo(Operation.SetLock.WAITS);
    posix(other, 1, 0, END, null, 0);
    assertThat(rig.granted).containsExactly(one + " 1", other + " 1");
  }

  @Test
  void theTwoKindsKnowNothingOfEachOther() {
    assertThat(flock(one, 1, Type.EXCLUSIVE, 0)).isEqualTo(Reply.OK);
    assertThat(posix(other, 1, 0, END, Type.EXCLUSIVE, 0)).isEqualTo(Reply.OK);
  }

  @Test
  void whatASessionHadIsOthersWhenItIsOver() {
    flock(one, 1, Type.EXCLUSIVE, 0);
    posix(one, 1, 0, 10, Type.EXCLUSIVE, 0);
    flock(other, 1, Type.SHARED, 3);
    posix(other, 1, 5, 5, Type.SHARED, 4);
    posix(other, 2, 40, 50, Type.EXCLUSIVE, 0);
    posix(one, 1, 45, 45, Type.EXCLUSIVE, 8);
    rig.engine.apply(new LogEntry.ExpireSession(one));
    assertThat(rig.granted).containsExactly(other + " 3", other + " 4");
    rig.engine.apply(new LogEntry.ExpireSession(other));
    assertThat(rig.rows()).isZero();
  }

  @Test
  void badRequestsAreRefused() {
    assertThat(posix(one, 1, -1, 5, Type.SHARED, 0).errno()).isEqualTo(Errno.EINVAL);
    assertThat(posix(one, 1, 6, 5, Type.SHARED, 0).errno()).isEqualTo(Errno.EINVAL);
    assertThat(posix(one, 1, 0, 5, Type.SHARED, -1).errno()).isEqualTo(Errno.EINVAL);
    Operation part = new Operation.SetLock(file, Kind.FLOCK, 1, 0, 7, Type.SHARED, 1, 0);
    assertThat(rig.submit(one, part).errno()).isEqualTo(Errno.EINVAL);
    Operation gone =
        new Operation.SetLock(new InodeId(77), Kind.FLOCK, 1, 0, END, Type.SHARED, 1, 0);
    assertThat(rig.submit(one, gone).errno()).isEqualTo(Errno.ESTALE);
  }

  @Test
  void thereIsAnEndOfLocks() {
    for (int i = 0; i < LockOperations.LOCKS_MAX; i++) {
      FileLocks.hold(rig.engine.store, file, lock(one, 2L * i, 2L * i, Type.SHARED));
    }
    assertThat(posix(one, 1, 100_000, 100_010, Type.SHARED, 0).errno()).isEqualTo(Errno.ENOLCK);
    assertThat(posix(other, 1, 0, 0, Type.EXCLUSIVE, 3).errno()).isEqualTo(Errno.ENOLCK);
    posix(one, 1, 0, 0, null, 0);
    assertThat(posix(one, 1, 100_000, 100_010, Type.SHARED, 0)).isEqualTo(Reply.OK);
    assertThat(posix(one, 1, 100_005, 100_005, null, 0).errno()).isEqualTo(Errno.ENOLCK);
    assertThat(posix(one, 1, 0, END, null, 0)).isEqualTo(Reply.OK);
    assertThat(rig.rows()).isZero();
  }

  @Test
  void aDirectoryIsLockedAsWell() {
    InodeId directory = rig.engine.create(InodeId.ROOT, "d", FileType.DIRECTORY).inode();
    Operation lock = new Operation.SetLock(directory, Kind.FLOCK, 1, 0, END, Type.EXCLUSIVE, 1, 0);
    assertThat(rig.submit(one, lock)).isEqualTo(Reply.OK);
    assertThat(rig.submit(other, lock).errno()).isEqualTo(Errno.EAGAIN);
  }

  @Test
  void withTheInodeItsLocksGo() {
    posix(one, 1, 0, 10, Type.EXCLUSIVE, 0);
    posix(other, 1, 0, 10, Type.EXCLUSIVE, 3);
    rig.engine.submit(new Operation.Unlink(InodeId.ROOT, EngineRig.name("f")));
    rig.engine.apply(new LogEntry.Reap(List.of(file), Long.MAX_VALUE));
    assertThat(rig.rows()).isZero();
    assertThat(TableCheck.of(rig.engine.store).problems()).isEmpty();
  }

  @Test
  void thereIsAnEndOfTheLocksOfASession() {
    List<InodeId> files = new ArrayList<>();
    for (int i = 0; i * LockOperations.LOCKS_MAX < LockOperations.SESSION_LOCKS_MAX; i++) {
      InodeId full = rig.engine.file("full" + i);
      files.add(full);
      for (int n = 0; n < LockOperations.LOCKS_MAX; n++) {
        FileLocks.hold(rig.engine.store, full, lock(one, 2L * n, 2L * n, Type.SHARED));
      }
    }
    assertThat(posix(one, 1, 0, 0, Type.SHARED, 0).errno()).isEqualTo(Errno.ENOLCK);
    assertThat(posix(other, 1, 0, 0, Type.SHARED, 0)).isEqualTo(Reply.OK);
    Operation some = new Operation.SetLock(files.get(0), Kind.POSIX, 1, 0, 0, null, 1, 0);
    assertThat(rig.submit(one, some)).isEqualTo(Reply.OK);
    assertThat(posix(one, 1, 0, 0, Type.SHARED, 0)).isEqualTo(Reply.OK);
    rig.engine.apply(new LogEntry.ExpireSession(one));
    rig.engine.apply(new LogEntry.ExpireSession(other));
    assertThat(rig.rows()).isZero();
  }

  /** Each fault that can be in the rows is found, and named by its own sentence. */
  @Test
  void theCheckFindsWhatIsWrong() {
    posix(one, 1, 0, 10, Type.EXCLUSIVE, 0);
    posix(other, 1, 5, 5, Type.EXCLUSIVE, 3);
    flock(other, 1, Type.SHARED, 0);
    assertThat(problems()).isEmpty();
    FileLock second = new FileLock(Kind.POSIX, other, 1, 3, 3, Type.SHARED, 1);
    FileLocks.hold(rig.engine.store, file, second);
    assertThat(problems()).anyMatch(each -> each.startsWith("two have the same lock"));
    FileLocks.giveUp(rig.engine.store, file, second);
    FileLocks.giveUp(rig.engine.store, file, lock(one, 0, 10, Type.EXCLUSIVE));
    assertThat(problems()).singleElement().asString().contains("that is free");
    FileLocks.hold(rig.engine.store, file, lock(one, 0, 10, Type.EXCLUSIVE));
    assertThat(problems()).isEmpty();
    for (byte[] key : rig.keys()) {
      byte[] row = rig.engine.store.get(Table.LOCKS, key);
      rig.engine.store.delete(Table.LOCKS, key);
      assertThat(problems()).as("without %s", HexFormat.of().formatHex(key)).isNotEmpty();
      rig.engine.store.put(Table.LOCKS, key, row);
    }
    FileLocks.hold(rig.engine.store, new InodeId(77), lock(other, 0, 0, Type.SHARED));
    assertThat(problems()).singleElement().asString().contains("which is not there");
    FileLocks.giveUp(rig.engine.store, new InodeId(77), lock(other, 0, 0, Type.SHARED));
    FileLocks.hold(rig.engine.store, file, lock(new SessionId(99), 50, 50, Type.SHARED));
    assertThat(problems()).singleElement().asString().contains("which is over");
  }

  private List<String> problems() {
    List<String> found = new ArrayList<>();
    new LockCheck(rig.engine.store, found::add).run();
    return found;
  }
}
