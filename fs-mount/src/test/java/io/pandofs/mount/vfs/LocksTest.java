package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static io.pandofs.mount.vfs.Volume.USER;
import static io.pandofs.mount.vfs.Volume.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileLock.Kind;
import io.pandofs.meta.FileLock.Type;
import io.pandofs.meta.testing.LocalMetadataSession;
import io.pandofs.mount.vfs.LockOperations.Asked;
import io.pandofs.mount.vfs.LockOperations.Wanted;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Locks between mounts. */
@Timeout(60)
class LocksTest {
  private static final long END = Long.MAX_VALUE;
  private static final CreateMode MODE = CreateMode.of(0755);

  private final Volume volume = new Volume();
  private final Volume.Source source = new Volume.Source(volume.tree);
  private final Vfs here = volume.mount(Volume.CALM, source);
  private final Vfs there = volume.mount();

  @AfterEach
  void end() {
    volume.close();
  }

  private static Wanted flock(@Nullable Type type) {
    return new Wanted(Kind.FLOCK, 1, 0, END, type, 7);
  }

  private static Wanted posix(long owner, long first, long last, @Nullable Type type) {
    return new Wanted(Kind.POSIX, owner, first, last, type, 7);
  }

  private static void set(Vfs vfs, long handle, Wanted wanted) throws Exception {
    vfs.locks().set(USER, handle, wanted, false).done().get(20, TimeUnit.SECONDS);
  }

  private static Asked wait(Vfs vfs, long handle, Wanted wanted) throws ErrnoException {
    return vfs.locks().set(USER, handle, wanted, true);
  }

  private static void assertRefused(Errno errno, Asked asked) {
    assertThatThrownBy(() -> asked.done().get(20, TimeUnit.SECONDS))
        .cause()
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  private static void assertRefused(Errno errno, Vfs vfs, long handle, Wanted wanted)
      throws ErrnoException {
    assertRefused(errno, vfs.locks().set(USER, handle, wanted, false));
  }

  @Test
  void whatOneMountHasAnotherWaitsFor() throws Exception {
    long mine = Volume.create(here, "f");
    long theirs = Volume.open(there, "f", OpenFlags.READ_WRITE);
    set(here, mine, posix(1, 0, 9, Type.EXCLUSIVE));
    assertRefused(Errno.EAGAIN, there, theirs, posix(1, 9, 20, Type.SHARED));
    FileLock found = there.locks().inTheWay(theirs, posix(1, 9, 20, Type.SHARED));
    assertThat(found).isNotNull();
    assertThat(found.last()).isEqualTo(9);
    assertThat(there.locks().inTheWay(theirs, posix(1, 10, 20, Type.SHARED))).isNull();
    Asked asked = wait(there, theirs, posix(1, 9, 20, Type.SHARED));
    assertThat(asked.done()).isNotDone();
    set(here, mine, posix(1, 5, END, null));
    asked.done().get(20, TimeUnit.SECONDS);
    assertRefused(Errno.EAGAIN, here, mine, posix(1, 20, 20, Type.EXCLUSIVE));
  }

  /** A file in a new directory, which is leased. */
  private static long createLeased(Vfs vfs) throws ErrnoException {
    InodeId d = vfs.namespace().makeDirectory(USER, InodeId.ROOT, name("d"), MODE).inode();
    int flags = OpenFlags.READ_WRITE | OpenFlags.EXCLUSIVE;
    return vfs.files().create(USER, d, name("f"), MODE, flags).handle();
  }

  private static long openLeased(Vfs vfs) throws ErrnoException {
    InodeId d = vfs.namespace().lookup(InodeId.ROOT, name("d")).inode();
    InodeId f = vfs.namespace().lookup(d, name("f")).inode();
    return vfs.files().open(USER, f, OpenFlags.READ_WRITE).handle();
  }

  @Test
  void underALeaseTheyAreHadAheadOfTheLog() throws Exception {
    long mine = createLeased(here);
    LocalMetadataSession session = source.last();
    session.holdBack();
    set(here, mine, posix(1, 0, 9, Type.EXCLUSIVE));
    set(here, mine, posix(1, 0, 4, null));
    assertThat(here.locks().inTheWay(mine, posix(2, 0, 4, Type.SHARED))).isNull();
    assertThat(here.locks().inTheWay(mine, posix(2, 5, 5, Type.SHARED))).isNotNull();
    CompletableFuture<Long> opened = CompletableFuture.supplyAsync(() -> unchecked(there));
    session.letGo();
    long theirs = opened.get(20, TimeUnit.SECONDS);
    set(there, theirs, posix(1, 0, 4, Type.EXCLUSIVE));
    assertRefused(Errno.EAGAIN, there, theirs, posix(1, 0, 5, Type.EXCLUSIVE));
  }

  private static long unchecked(Vfs vfs) {
    try {
      return openLeased(vfs);
    } catch (ErrnoException e) {
      throw new CompletionException(e);
    }
  }

  @Test
  void whoAsksForOneMeetsWhatWasDecidedAhead() throws Exception {
    long mine = createLeased(here);
    final long theirs = openLeased(there);
    here.files().write(USER, mine, 0, ByteBuffer.wrap(new byte[10])); // which takes the lease back
    LocalMetadataSession session = source.last();
    session.holdBack();
    set(here, mine, flock(Type.EXCLUSIVE));
    Asked asked = there.locks().set(USER, theirs, flock(Type.SHARED), false);
    Asked waiting = wait(there, theirs, flock(Type.SHARED));
    await().during(Duration.ofMillis(200)).until(() -> !asked.done().isDone());
    // Nothing of it is in the log: there is nothing to take back.
    waiting.giveUp();
    assertRefused(Errno.EINTR, waiting);
    session.letGo();
    assertRefused(Errno.EAGAIN, asked);
    set(here, mine, flock(null));
    set(here, mine, flock(Type.EXCLUSIVE));
  }

  /** Who waits is granted a lock by the log: nothing is decided ahead of that. */
  @Test
  void whoWaitsOnALeasedFileIsGrantedWhatIsUnlocked() throws Exception {
    long mine = createLeased(here);
    set(here, mine, posix(1, 0, 9, Type.EXCLUSIVE));
    Asked second = wait(here, mine, posix(2, 0, 0, Type.EXCLUSIVE));
    Asked third = wait(here, mine, posix(3, 0, 0, Type.EXCLUSIVE));
    assertThat(second.done()).isNotDone();
    set(here, mine, posix(1, 0, 4, null));
    second.done().get(20, TimeUnit.SECONDS);
    assertRefused(Errno.EAGAIN, here, mine, posix(1, 0, 4, Type.SHARED));
    assertThat(third.done()).isNotDone();
    set(here, mine, posix(2, 0, END, null));
    third.done().get(20, TimeUnit.SECONDS);
    set(here, mine, posix(3, 0, END, null));
    set(here, mine, posix(1, 0, 4, Type.SHARED));
  }

  @Test
  void whoGivesUpHasNothing() throws Exception {
    long mine = Volume.create(here, "f");
    long theirs = Volume.open(there, "f", OpenFlags.READ_WRITE);
    set(here, mine, flock(Type.EXCLUSIVE));
    Asked asked = wait(there, theirs, flock(Type.EXCLUSIVE));
    asked.giveUp();
    assertRefused(Errno.EINTR, asked);
    set(here, mine, flock(null));
    set(here, mine, flock(Type.EXCLUSIVE));
  }

  @Test
  void aGrantThatCrossesTheGivingUpIsKept() throws Exception {
    long mine = Volume.create(here, "f");
    long theirs = Volume.open(there, "f", OpenFlags.READ_WRITE);
    set(here, mine, flock(Type.EXCLUSIVE));
    Asked asked = wait(there, theirs, flock(Type.EXCLUSIVE));
    set(here, mine, flock(null));
    asked.giveUp();
    asked.done().get(20, TimeUnit.SECONDS);
    assertRefused(Errno.EAGAIN, here, mine, flock(Type.SHARED));
  }

  @Test
  void ownersThatWaitForEachOtherAreTold() throws Exception {
    long mine = Volume.create(here, "f");
    long theirs = Volume.open(there, "f", OpenFlags.READ_WRITE);
    set(here, mine, posix(1, 0, 0, Type.EXCLUSIVE));
    set(there, theirs, posix(1, 1, 1, Type.EXCLUSIVE));
    Asked asked = wait(here, mine, posix(1, 1, 1, Type.EXCLUSIVE));
    assertRefused(Errno.EDEADLK, wait(there, theirs, posix(1, 0, 0, Type.EXCLUSIVE)));
    set(there, theirs, posix(1, 1, 1, null));
    asked.done().get(20, TimeUnit.SECONDS);
  }

  @Test
  void aCloseGivesUpTheProcesssLocksByWhicheverHandleItTookThem() throws Exception {
    long mine = Volume.create(here, "f");
    long other = Volume.open(here, "f", OpenFlags.READ_WRITE);
    long theirs = Volume.open(there, "f", OpenFlags.READ_WRITE);
    set(here, mine, posix(5, 0, 9, Type.EXCLUSIVE));
    set(here, mine, posix(6, 20, 29, Type.EXCLUSIVE));
    set(here, mine, new Wanted(Kind.FLOCK, 5, 0, END, Type.EXCLUSIVE, 7));
    here.files().flush(other, 5);
    set(there, theirs, posix(1, 0, 9, Type.EXCLUSIVE));
    assertRefused(Errno.EAGAIN, there, theirs, posix(1, 20, 20, Type.EXCLUSIVE));
    assertRefused(Errno.EAGAIN, there, theirs, flock(Type.SHARED));
    // What is of the open file (flock, and open file description locks) goes with it.
    here.files().release(mine);
    set(there, theirs, posix(1, 20, 20, Type.EXCLUSIVE));
    set(there, theirs, flock(Type.SHARED));
  }

  /** The last use of the first handle comes late, as the kernel sends it. */
  @Test
  void locksTakenByAnotherHandleOutliveTheFirst() throws Exception {
    long mine = Volume.create(here, "f");
    long other = Volume.open(here, "f", OpenFlags.READ_WRITE);
    long theirs = Volume.open(there, "f", OpenFlags.READ_WRITE);
    set(here, mine, posix(5, 0, 9, Type.EXCLUSIVE));
    here.files().flush(mine, 5);
    set(here, other, posix(5, 0, 9, Type.EXCLUSIVE));
    here.files().release(mine);
    assertRefused(Errno.EAGAIN, there, theirs, posix(1, 0, 0, Type.SHARED));
  }

  @Test
  void withTheSessionLocksGoAndTheHandleIsOfNoUse() throws Exception {
    long mine = Volume.create(here, "f");
    long without = Volume.open(here, "f", OpenFlags.READ_WRITE);
    long theirs = Volume.open(there, "f", OpenFlags.READ_WRITE);
    set(here, mine, flock(Type.EXCLUSIVE));
    Asked asked = wait(there, theirs, flock(Type.EXCLUSIVE));
    Asked waiting = wait(here, mine, new Wanted(Kind.FLOCK, 9, 0, END, Type.SHARED, 7));
    source.expire();
    asked.done().get(20, TimeUnit.SECONDS);
    assertRefused(Errno.EIO, waiting);
    Volume.write(here, without, 0, "without");
    assertFails(Errno.EIO, () -> Volume.write(here, mine, 0, "x"));
    assertFails(Errno.EIO, () -> Volume.read(here, mine, 0, 10));
    assertFails(Errno.EIO, () -> here.files().fsync(mine));
    assertFails(Errno.EIO, () -> set(here, mine, flock(Type.EXCLUSIVE)));
    assertFails(Errno.EIO, () -> here.files().flush(mine, 1));
    here.files().release(mine);
    Asked again = wait(here, without, flock(Type.EXCLUSIVE));
    assertThat(again.done()).isNotDone();
    there.files().release(theirs);
    again.done().get(20, TimeUnit.SECONDS);
  }
}
