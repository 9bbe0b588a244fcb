package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static io.pandofs.mount.vfs.Volume.USER;
import static io.pandofs.mount.vfs.Volume.close;
import static io.pandofs.mount.vfs.Volume.create;
import static io.pandofs.mount.vfs.Volume.find;
import static io.pandofs.mount.vfs.Volume.name;
import static io.pandofs.mount.vfs.Volume.open;
import static io.pandofs.mount.vfs.Volume.read;
import static io.pandofs.mount.vfs.Volume.readAll;
import static io.pandofs.mount.vfs.Volume.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.config.MountFlags.AccessTime;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lost writes are told, once to each handle; the budget slows and never refuses. */
@Timeout(60)
class LostDataTest {

  private final Volume volume = new Volume();
  private final Volume.Source source = new Volume.Source(volume.tree);
  private final Vfs vfs = volume.mount(Volume.CALM, source);

  @AfterEach
  void end() {
    volume.close();
  }

  @Test
  void eachHandleHearsOnceOfALoss() throws Exception {
    long first = create(vfs, "f");
    long second = open(vfs, "f", OpenFlags.READ_WRITE);
    write(vfs, first, 0, "good");
    vfs.files().fsync(first);
    write(vfs, first, 0, "lost");
    volume.blocks.failPuts(1);
    assertFails(Errno.ENOSPC, () -> vfs.files().fsync(first));
    assertThat(read(vfs, first, 0, 10)).isEqualTo("good");
    vfs.files().fsync(first);
    assertFails(Errno.ENOSPC, () -> vfs.files().flush(second));
    vfs.files().flush(second);
    long third = open(vfs, "f", OpenFlags.READ_WRITE);
    write(vfs, third, 0, "well");
    close(vfs, third);
    assertThat(readAll(volume.mount(), "f")).isEqualTo("well");
    close(vfs, first);
    close(vfs, second);
  }

  @Test
  void aLossInTheBackgroundIsToldByTheNextFsync() throws Exception {
    VfsOptions quick =
        new VfsOptions(
            64L << 20,
            8L << 20,
            1 << 20,
            Duration.ofMillis(20),
            AccessTime.RELATIME,
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            false,
            false);
    Vfs other = volume.mount(quick);
    long handle = create(other, "f");
    volume.blocks.failPuts(1);
    write(other, handle, 0, "lost");
    await().until(() -> other.memory().dirtyBytes() == 0);
    assertFails(Errno.ENOSPC, () -> write(other, handle, 0, "x"));
    assertFails(Errno.ENOSPC, () -> other.files().fsync(handle));
    write(other, handle, 0, "x");
    close(other, handle);
    assertThat(readAll(vfs, "f")).isEqualTo("x");
  }

  @Test
  void whatIsBehindALossIsLostTooSoThatAPrefixSurvives() throws Exception {
    long handle = create(vfs, "f");
    volume.blocks.hold();
    byte[] block = new byte[NewBlock.BYTES_MAX];
    write(vfs, handle, 0, block);
    write(vfs, handle, NewBlock.BYTES_MAX, block);
    write(vfs, handle, 2L * NewBlock.BYTES_MAX, "tail");
    volume.blocks.failPuts(1);
    volume.blocks.letGo();
    assertFails(Errno.ENOSPC, () -> vfs.files().fsync(handle));
    assertThat(find(vfs, "f").sizeBytes()).isZero();
    assertThat(vfs.memory().dirtyBytes()).isZero();
    close(vfs, handle);
  }

  /** The second write has passed all checks and waits for room while the first is lost. */
  @Test
  void aWriteThatWaitsIsNotTakenBehindALoss() throws Exception {
    Vfs small =
        volume.mount(
            new VfsOptions(
                NewBlock.BYTES_MAX,
                8L << 20,
                1 << 20,
                Duration.ofDays(1),
                AccessTime.RELATIME,
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                false,
                false));
    long handle = create(small, "f");
    volume.blocks.hold();
    write(small, handle, 0, new byte[NewBlock.BYTES_MAX]);
    FutureTask<Void> second =
        new FutureTask<>(
            () -> {
              write(small, handle, NewBlock.BYTES_MAX, "tail");
              return null;
            });
    Thread writer = new Thread(second);
    writer.start();
    await().until(() -> writer.getState() == Thread.State.TIMED_WAITING);
    volume.blocks.failPuts(1);
    volume.blocks.letGo();
    writer.join();
    assertThatThrownBy(second::get)
        .hasCauseInstanceOf(ErrnoException.class)
        .hasMessageContaining("ENOSPC");
    small.sync();
    assertThat(find(small, "f").sizeBytes()).isZero();
    assertThat(small.memory().dirtyBytes()).isZero();
    assertFails(Errno.ENOSPC, () -> small.files().fsync(handle));
    write(small, handle, 0, "again");
    close(small, handle);
    assertThat(readAll(vfs, "f")).isEqualTo("again");
  }

  @Test
  void aSyncThrowsNoFinalLossAndCountsIt() throws Exception {
    long handle = create(vfs, "f");
    write(vfs, handle, 0, "good");
    vfs.sync();
    assertThat(vfs.losses()).isZero();
    write(vfs, handle, 0, "lost");
    volume.blocks.failPuts(1);
    vfs.sync();
    assertThat(vfs.losses()).isEqualTo(1);
    assertFails(Errno.ENOSPC, () -> vfs.files().fsync(handle));
    assertThat(vfs.losses()).isEqualTo(1);
    close(vfs, handle);
  }

  @Test
  void aStalePlacementIsPutAgain() throws Exception {
    long handle = create(vfs, "f");
    write(vfs, handle, 0, "moved");
    volume.blocks.misplacePuts(3);
    vfs.files().fsync(handle);
    assertThat(volume.blocks.count()).isEqualTo(4);
    assertThat(readAll(volume.mount(), "f")).isEqualTo("moved");
    volume.blocks.misplacePuts(1000);
    write(vfs, handle, 0, "x");
    assertFails(Errno.EIO, () -> vfs.files().fsync(handle));
    close(vfs, handle);
  }

  @Test
  void anExpiredSessionLosesWhatIsDirtyAndTheMountGoesOn() throws Exception {
    long dirty = create(vfs, "dirty");
    long clean = create(vfs, "clean");
    write(vfs, clean, 0, "kept");
    vfs.files().fsync(clean);
    write(vfs, dirty, 0, "lost");
    source.expire();
    assertFails(Errno.EIO, () -> write(vfs, dirty, 4, "x"));
    assertFails(Errno.EIO, () -> vfs.files().fsync(dirty));
    assertThat(find(vfs, "dirty").sizeBytes()).isZero();
    assertThat(source.count()).isEqualTo(2);
    write(vfs, clean, 4, "!");
    vfs.files().fsync(clean);
    assertThat(read(vfs, clean, 0, 10)).isEqualTo("kept!");
    close(vfs, clean);
    close(vfs, dirty);
  }

  @Test
  void handlesAreHeldInTheNextSessionToo() throws Exception {
    long handle = create(vfs, "f");
    write(vfs, handle, 0, "kept");
    vfs.files().fsync(handle);
    source.expire();
    assertThat(read(vfs, handle, 0, 10)).isEqualTo("kept");
    volume.mount().namespace().unlink(USER, InodeId.ROOT, name("f"));
    volume.tree.reap();
    assertThat(read(vfs, handle, 0, 10)).isEqualTo("kept");
    close(vfs, handle);
    assertThat(volume.tree.stats().inodes()).isEqualTo(1);
  }

  @Test
  void aWriterOverTheBudgetWaitsForRoom() throws Exception {
    long budget = 1 << 20;
    Vfs small =
        volume.mount(
            new VfsOptions(
                budget,
                8L << 20,
                1 << 20,
                Duration.ofDays(1),
                AccessTime.RELATIME,
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                false,
                false));
    volume.blocks.hold();
    long handle = create(small, "f");
    byte[] chunk = new byte[128 << 10];
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              try {
                for (int i = 0; i < 64; i++) {
                  write(small, handle, (long) i * chunk.length, chunk);
                }
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    await().until(() -> volume.blocks.held() > 0);
    assertThat(writer).isNotDone();
    volume.blocks.letGo();
    writer.join();
    small.files().fsync(handle);
    close(small, handle);
    assertThat(small.memory().dirtyBytes()).isZero();
    // One writer may exceed the budget by the growth of one buffer.
    assertThat(small.memory().dirtyBytesPeak()).isLessThanOrEqualTo(budget + NewBlock.BYTES_MAX);
    assertThat(find(vfs, "f").sizeBytes()).isEqualTo(64L * chunk.length);
  }

  @Test
  void buffersInWhichShortRunsAreGatheredCountToo() throws Exception {
    long handle = create(vfs, "f");
    write(vfs, handle, 0, "a");
    write(vfs, handle, 10_000, "b");
    long before = vfs.memory().dirtyBytes();
    volume.blocks.hold();
    CompletableFuture<Void> flushing =
        CompletableFuture.runAsync(
            () -> {
              try {
                vfs.sync();
              } catch (ErrnoException e) {
                throw new IllegalStateException(e);
              }
            });
    await().until(() -> volume.blocks.held() > 0);
    assertThat(vfs.memory().dirtyBytes()).isGreaterThan(before);
    volume.blocks.letGo();
    flushing.join();
    assertThat(vfs.memory().dirtyBytes()).isZero();
    close(vfs, handle);
  }

  @Test
  void aRenameFailsWhenItsDataIsLost() throws Exception {
    long handle = create(vfs, "f");
    write(vfs, handle, 0, "lost");
    volume.blocks.failPuts(1);
    assertFails(
        Errno.ENOSPC,
        () -> vfs.namespace().rename(USER, InodeId.ROOT, name("f"), InodeId.ROOT, name("g"), 0));
    assertFails(Errno.ENOSPC, () -> close(vfs, handle));
    assertThat(find(vfs, "f").sizeBytes()).isZero();
  }

  @Test
  void aHandleThatIsOpenedAfterALossIsToldOfItIfNobodyWas() throws Exception {
    long writer = create(vfs, "f");
    long reader = open(vfs, "f", OpenFlags.READ_ONLY);
    write(vfs, writer, 0, "lost");
    vfs.files().flush(writer);
    vfs.files().release(writer);
    volume.blocks.failPuts(1);
    vfs.sync();
    assertThat(vfs.lostFiles()).isEqualTo(1);
    long checkpointer = open(vfs, "f", OpenFlags.READ_WRITE);
    assertFails(Errno.ENOSPC, () -> vfs.files().fsync(checkpointer));
    vfs.files().fsync(checkpointer);
    assertThat(vfs.lostFiles()).isZero();
    long later = open(vfs, "f", OpenFlags.READ_WRITE);
    vfs.files().fsync(later);
    assertFails(Errno.ENOSPC, () -> vfs.files().flush(reader));
    close(vfs, reader);
    close(vfs, checkpointer);
    close(vfs, later);
  }

  @Test
  void aLossAfterTheCloseKeepsTheNameFromTakingTheGoodFilesPlace() throws Exception {
    put(vfs, "real", "good");
    long handle = create(vfs, "tmp");
    write(vfs, handle, 0, "new");
    close(vfs, handle);
    source.expire();
    assertThat(find(vfs, "tmp").sizeBytes()).isZero();
    assertThat(vfs.memory().dirtyBytes()).isZero();
    assertFails(Errno.EIO, () -> rename(vfs, "tmp", "real"));
    assertThat(readAll(vfs, "real")).isEqualTo("good");
    rename(vfs, "tmp", "real");
    assertThat(readAll(vfs, "real")).isEmpty();
  }

  @Test
  void whatCannotBeCommittedNowIsKeptAndCommittedLater() throws Exception {
    VfsOptions hasty =
        new VfsOptions(
            64L << 20,
            8L << 20,
            1 << 20,
            Duration.ofMillis(20),
            AccessTime.RELATIME,
            Duration.ofMillis(100),
            Duration.ofSeconds(30),
            false,
            false);
    Vfs other = volume.mount(hasty);
    volume.blocks.refusePuts(Integer.MAX_VALUE);
    long handle = create(other, "f");
    write(other, handle, 0, "kept");
    assertFails(Errno.EIO, () -> other.files().fsync(handle));
    assertThat(read(other, handle, 0, 10)).isEqualTo("kept");
    close(other, handle);
    volume.blocks.refusePuts(0);
    await().until(() -> other.memory().dirtyBytes() == 0);
    assertThat(other.lostFiles()).isZero();
    assertThat(readAll(vfs, "f")).isEqualTo("kept");
  }

  @Test
  void fsyncTellsWhatCloseHasSaid() throws Exception {
    long handle = create(vfs, "f");
    long other = open(vfs, "f", OpenFlags.READ_WRITE);
    write(vfs, handle, 0, "lost");
    volume.blocks.failPuts(1);
    vfs.sync();
    // As for a descriptor that a child process had too.
    assertFails(Errno.ENOSPC, () -> vfs.files().flush(handle));
    vfs.files().flush(handle);
    write(vfs, handle, 0, "well");
    assertThat(vfs.lostFiles()).isEqualTo(1);
    assertFails(Errno.ENOSPC, () -> vfs.files().fsync(handle));
    vfs.files().fsync(handle);
    assertFails(Errno.ENOSPC, () -> vfs.files().fsync(other));
    assertThat(vfs.lostFiles()).isZero();
    close(vfs, handle);
    close(vfs, other);
    long later = open(vfs, "f", OpenFlags.READ_WRITE);
    vfs.files().fsync(later);
    close(vfs, later);
    assertThat(readAll(vfs, "f")).isEqualTo("well");
  }

  @Test
  void whoWaitedForRoomInVainDoesNotWaitForEachBlockInTurn() throws Exception {
    long handle = create(vfs, "f");
    write(vfs, handle, 0, new byte[2 << 20]);
    write(vfs, handle, 3 << 20, "small");
    int before = volume.blocks.tried().size();
    volume.blocks.turnPutsAway(1);
    vfs.files().fsync(handle);
    List<BlockId> tried = volume.blocks.tried().subList(before, volume.blocks.tried().size());
    assertThat(tried).hasSizeGreaterThan(2);
    assertThat(tried.get(1)).isEqualTo(tried.get(0));
    close(vfs, handle);
  }

  @Test
  void fullNodesAreToldAtOnceWhateverElseIsWrong() throws Exception {
    long handle = create(vfs, "f");
    byte[] large = new byte[2 << 20];
    write(vfs, handle, 0, large);
    write(vfs, handle, 3 << 20, "small");
    volume.blocks.refusePuts(Integer.MAX_VALUE);
    volume.blocks.fillUp(bytes -> bytes < large.length);
    assertFails(Errno.ENOSPC, () -> vfs.files().fsync(handle));
    volume.blocks.refusePuts(0);
    volume.blocks.fillUp(bytes -> false);
    write(vfs, handle, 0, "fits");
    close(vfs, handle);
    assertThat(readAll(volume.mount(), "f")).isEqualTo("fits");
  }

  @Test
  void aNumberThatIsTakenIsNotTriedAgain() throws Exception {
    long handle = create(vfs, "f");
    write(vfs, handle, 0, "lost");
    volume.blocks.contradictPuts(1);
    assertFails(Errno.EIO, () -> vfs.files().fsync(handle));
    assertThat(find(vfs, "f").sizeBytes()).isZero();
    close(vfs, handle);
  }

  @Test
  void whereChangesAreRefusedNobodyWaitsAndNothingIsLost() throws Exception {
    TestSession session = new TestSession(volume.tree.newSession());
    Vfs other = volume.mount(Volume.CALM, () -> session);
    long handle = create(other, "f");
    volume.blocks.hold();
    write(other, handle, 0, "kept");
    session.refuse(Errno.EROFS);
    assertFails(Errno.EROFS, () -> other.files().fsync(handle));
    assertFails(Errno.EROFS, () -> other.files().truncate(USER, handle, 1));
    assertFails(Errno.EROFS, other::sync);
    session.refuse(Errno.OK);
    volume.blocks.letGo();
    other.files().fsync(handle);
    close(other, handle);
    assertThat(readAll(vfs, "f")).isEqualTo("kept");
  }

  @Test
  void nothingIsOnItsWayAnyMoreWhenAMountIsClosed() throws Exception {
    TestSession session = new TestSession(volume.tree.newSession());
    Vfs other = volume.mount(Volume.CALM, () -> session);
    long handle = create(other, "f");
    write(other, handle, 0, "lost");
    volume.blocks.refusePuts(Integer.MAX_VALUE);
    session.refuse(Errno.EIO);
    assertFails(Errno.EIO, () -> other.files().fsync(handle));
    other.close();
    assertThat(other.memory().dirtyBytes()).isZero();
  }

  @Test
  void aCreateInASessionThatEndsOnTheWayIsAnsweredEio() throws Exception {
    TestSession session = new TestSession(volume.tree.newSession());
    List<MetadataSession> sessions = new ArrayList<>(List.of(session, volume.tree.newSession()));
    Vfs other = volume.mount(Volume.CALM, () -> sessions.remove(0));
    session.onInode(() -> volume.tree.expire(session.id()));
    assertFails(Errno.EIO, () -> create(other, "f"));
    close(other, create(other, "f"));
    assertThat(sessions).isEmpty();
  }

  /** ESTALE would make the kernel call again, and it would find the name free or taken. */
  @Test
  void aFileThatIsMadeAndFreedBeforeItIsOpenIsAnsweredEio() throws Exception {
    TestSession session = new TestSession(volume.tree.newSession());
    List<MetadataSession> sessions = new ArrayList<>(List.of(session, volume.tree.newSession()));
    Vfs other = volume.mount(Volume.CALM, () -> sessions.remove(0));
    session.onApplied(
        operation -> {
          if (operation instanceof Operation.Create) {
            volume.tree.expire(session.id());
            unlink("f");
            volume.tree.reap();
          }
        });
    assertFails(Errno.EIO, () -> create(other, "f", OpenFlags.READ_WRITE | OpenFlags.EXCLUSIVE));
    assertThat(sessions).isEmpty();
    close(other, create(other, "f", OpenFlags.READ_WRITE | OpenFlags.EXCLUSIVE));
  }

  private void unlink(String file) {
    try {
      vfs.namespace().unlink(USER, InodeId.ROOT, name(file));
    } catch (ErrnoException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void put(Vfs vfs, String file, String text) throws Exception {
    long handle = create(vfs, file);
    write(vfs, handle, 0, text);
    vfs.files().fsync(handle);
    close(vfs, handle);
  }

  private static void rename(Vfs vfs, String from, String to) throws Exception {
    vfs.namespace().rename(USER, InodeId.ROOT, name(from), InodeId.ROOT, name(to), 0);
  }
}
