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
import static io.pandofs.mount.vfs.Volume.readBytes;
import static io.pandofs.mount.vfs.Volume.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.config.MountFlags.AccessTime;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FileDataTest {

  private static final VfsOptions QUICK =
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

  private static VfsOptions withBudget(long bytes) {
    VfsOptions calm = Volume.CALM;
    return new VfsOptions(
        bytes,
        calm.cacheBytesMax(),
        calm.readAheadBytesMax(),
        calm.writeBackAge(),
        calm.accessTime(),
        calm.patience(),
        calm.leasePatience(),
        false,
        calm.syncOnClose());
  }

  private final Volume volume = new Volume();
  private final Vfs one = volume.mount();
  private final Vfs two = volume.mount();

  @AfterEach
  void end() {
    volume.close();
  }

  @Test
  void theWriterReadsItsBytesAtOnceAndOthersAfterClose() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "hello");
    assertThat(read(one, handle, 1, 100)).isEqualTo("ello");
    assertThat(find(one, "f").sizeBytes()).isEqualTo(5);
    assertThat(volume.blocks.count()).isZero();
    close(one, handle);
    assertThat(readAll(two, "f")).isEqualTo("hello");
  }

  @Test
  void fsyncCommitsToo() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "hello");
    one.files().fsync(handle);
    assertThat(volume.blocks.count()).isEqualTo(1);
    write(one, handle, 5, " world");
    assertThat(read(one, handle, 0, 100)).isEqualTo("hello world");
    assertThat(volume.blocks.count()).isEqualTo(1);
    assertThat(readAll(two, "f")).isEqualTo("hello world");
    close(one, handle);
  }

  @Test
  void aWriteTakesSetUserAndSetGroupIdAwayAtOnceWhoeverWritesLater() throws Exception {
    long handle = create(one, "f");
    InodeId inode = find(one, "f").inode();
    one.namespace().change(Caller.ROOT, inode, AttributeChange.permissions(06644));
    Caller stranger = new Caller(4711, 4711);
    one.files().write(stranger, handle, 0, ByteBuffer.wrap(new byte[3]));
    assertThat(one.files().attributes(handle).permissions()).isEqualTo(0644);
    one.files().write(Caller.ROOT, handle, 3, ByteBuffer.wrap(new byte[3]));
    assertThat(one.files().attributes(handle).permissions()).isEqualTo(0644);
    one.files().fsync(handle);
    assertThat(find(two, "f").permissions()).isEqualTo(0644);
    close(one, handle);
  }

  @Test
  void aDirtyFileShowsItsOwnSizeAndTimeAndKeepsThemWhenCommitted() throws Exception {
    long handle = create(one, "f");
    one.namespace()
        .change(
            USER,
            find(one, "f").inode(),
            AttributeChange.times(null, new TimeChange.At(new Timestamp(5, 0))));
    write(one, handle, 10, "x");
    Attributes dirty = one.files().attributes(handle);
    assertThat(dirty.sizeBytes()).isEqualTo(11);
    assertThat(dirty.modified()).isGreaterThan(new Timestamp(5, 0));
    close(one, handle);
    assertThat(find(two, "f").modified()).isEqualTo(dirty.modified());
    assertThat(find(two, "f").sizeBytes()).isEqualTo(11);
  }

  @Test
  void holesReadAsZerosUpToTheLargestOffset() throws Exception {
    long handle = create(one, "f");
    long last = Long.MAX_VALUE - 1;
    write(one, handle, last, "z");
    write(one, handle, 3, "a");
    one.files().fsync(handle);
    assertThat(find(two, "f").sizeBytes()).isEqualTo(Long.MAX_VALUE);
    assertThat(readBytes(one, handle, 0, 6)).containsExactly(0, 0, 0, 'a', 0, 0);
    assertThat(readBytes(one, handle, last - 2, 10)).containsExactly(0, 0, 'z');
    assertThat(readBytes(one, handle, Long.MAX_VALUE, 10)).isEmpty();
    assertFails(Errno.EFBIG, () -> write(one, handle, last, "zz"));
    close(one, handle);
  }

  @Test
  void appendGoesToTheEndThatAnotherMountHasMoved() throws Exception {
    long handle = create(one, "f", OpenFlags.WRITE_ONLY | OpenFlags.APPEND);
    write(one, handle, 0, "a");
    one.files().fsync(handle);
    long other = open(two, "f", OpenFlags.WRITE_ONLY | OpenFlags.APPEND);
    write(two, other, 0, "b");
    close(two, other);
    write(one, handle, 0, "c");
    write(one, handle, 0, "d");
    close(one, handle);
    assertThat(readAll(two, "f")).isEqualTo("abcd");
  }

  @Test
  void sequentialWritesMakeWholeBlocksWhileTheCallerStillWrites() throws Exception {
    volume.blocks.hold();
    long handle = create(one, "f");
    byte[] chunk = new byte[100_000];
    long at = 0;
    while (at < 2L * NewBlock.BYTES_MAX) {
      write(one, handle, at, chunk);
      at += chunk.length;
    }
    assertThat(volume.blocks.held()).isEqualTo(2);
    volume.blocks.letGo();
    one.files().fsync(handle);
    close(one, handle);
    assertThat(volume.blocks.count()).isEqualTo(3);
    assertThat(volume.blocks.largest()).isEqualTo(NewBlock.BYTES_MAX);
  }

  @Test
  void aWriterThatWaitsForRoomStillMakesWholeBlocks() throws Exception {
    Vfs small = volume.mount(withBudget(4L * NewBlock.BYTES_MAX));
    int blocks = 12;
    volume.blocks.hold();
    long handle = create(small, "f");
    FutureTask<Boolean> written =
        new FutureTask<>(
            () -> {
              byte[] chunk = new byte[128 << 10];
              for (long at = 0; at < (long) blocks * NewBlock.BYTES_MAX; at += chunk.length) {
                write(small, handle, at, chunk);
              }
              return true;
            });
    new Thread(written).start();
    while (!written.isDone()) {
      await().until(() -> written.isDone() || volume.blocks.held() > 0);
      volume.blocks.letOneGo();
    }
    volume.blocks.letGo();
    written.get(20, TimeUnit.SECONDS);
    small.files().fsync(handle);
    assertThat(volume.blocks.count()).isEqualTo(blocks);
    close(small, handle);
  }

  @Test
  void whoNeedsMoreRoomThanIsOnItsWayHasTheRestFlushed() throws Exception {
    Vfs small = volume.mount(withBudget(1 << 20));
    long many = create(small, "many");
    // Half of the budget unsealed, nothing on its way, and then more than the other half.
    write(small, many, 0, new byte[512 << 10]);
    write(small, many, 1L << 30, new byte[768 << 10]);
    small.files().fsync(many);
    close(small, many);
  }

  @Test
  void smallRangesShareABlock() throws Exception {
    long handle = create(one, "f");
    for (int i = 0; i < 50; i++) {
      write(one, handle, i * 10_000L, "x" + i);
    }
    one.files().fsync(handle);
    close(one, handle);
    assertThat(volume.blocks.count()).isEqualTo(1);
    long again = open(two, "f", OpenFlags.READ_ONLY);
    assertThat(read(two, again, 490_000, 10)).isEqualTo("x49");
    close(two, again);
  }

  @Test
  void truncateAndWriteKeepTheirOrder() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "abcdef");
    one.files().truncate(USER, handle, 3);
    assertThat(read(one, handle, 0, 10)).isEqualTo("abc");
    one.files().truncate(USER, handle, 5);
    write(one, handle, 1, "X");
    assertThat(read(one, handle, 0, 10)).isEqualTo("aXc\0\0");
    one.namespace().change(USER, find(one, "f").inode(), AttributeChange.size(2));
    assertThat(read(one, handle, 0, 10)).isEqualTo("aX");
    close(one, handle);
    assertThat(readAll(two, "f")).isEqualTo("aX");
  }

  @Test
  void openWithTruncateMovesTheTimesOfAnEmptyFileToo() throws Exception {
    close(one, create(one, "f"));
    one.namespace()
        .change(
            USER,
            find(one, "f").inode(),
            AttributeChange.times(null, new TimeChange.At(new Timestamp(1, 0))));
    close(one, open(one, "f", OpenFlags.WRITE_ONLY | OpenFlags.TRUNCATE));
    assertThat(find(two, "f").modified()).isGreaterThan(new Timestamp(1, 0));
  }

  @Test
  void dataAndHolesAreFoundWhereverTheyLie() throws Exception {
    long handle = create(one, "f");
    assertFails(Errno.ENXIO, () -> one.files().seek(handle, 0, true));
    long far = 5L << 40;
    write(one, handle, 100, "ab");
    write(one, handle, 102, "cd");
    write(one, handle, far, "end");
    one.files().truncate(USER, handle, far + 1000);
    assertThat(one.files().seek(handle, 0, true)).isEqualTo(100);
    assertThat(one.files().seek(handle, 0, false)).isZero();
    assertThat(one.files().seek(handle, 101, true)).isEqualTo(101);
    assertThat(one.files().seek(handle, 101, false)).isEqualTo(104);
    assertThat(one.files().seek(handle, 104, true)).isEqualTo(far);
    assertThat(one.files().seek(handle, far, false)).isEqualTo(far + 3);
    assertFails(Errno.ENXIO, () -> one.files().seek(handle, far + 3, true));
    assertThat(one.files().seek(handle, far + 3, false)).isEqualTo(far + 3);
    assertFails(Errno.ENXIO, () -> one.files().seek(handle, far + 1000, false));
    assertFails(Errno.ENXIO, () -> one.files().seek(handle, -1, true));
    byte[] full = new byte[9 << 20];
    Arrays.fill(full, (byte) 1);
    write(one, handle, 1 << 20, full);
    assertThat(one.files().seek(handle, 1 << 20, false)).isEqualTo(10 << 20);
    close(one, handle);
  }

  @Test
  void openWithTruncateEmptiesTheFile() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "abc");
    long again = open(one, "f", OpenFlags.READ_WRITE | OpenFlags.TRUNCATE);
    assertThat(read(one, handle, 0, 10)).isEmpty();
    close(one, again);
    close(one, handle);
  }

  @Test
  void createWithoutExclWinsTheFileThatIsThere() throws Exception {
    close(one, create(one, "f"));
    long handle = create(two, "f", OpenFlags.READ_WRITE);
    assertThat(two.files().inode(handle)).isEqualTo(find(one, "f").inode());
    close(two, handle);
    assertFails(Errno.EEXIST, () -> create(two, "f", OpenFlags.READ_WRITE | OpenFlags.EXCLUSIVE));
  }

  @Test
  void allocatePunchAndZero() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "abcdefgh");
    int punch = Operation.FALLOC_PUNCH_HOLE | Operation.FALLOC_KEEP_SIZE;
    one.files().allocate(USER, handle, punch, 2, 3);
    assertThat(read(one, handle, 0, 20)).isEqualTo("ab\0\0\0fgh");
    write(one, handle, 3, "X");
    one.files().allocate(USER, handle, Operation.FALLOC_ZERO_RANGE, 6, 4);
    assertThat(read(one, handle, 0, 20)).isEqualTo("ab\0X\0f\0\0\0\0");
    one.files().allocate(USER, handle, 0, 0, 12);
    assertThat(find(one, "f").sizeBytes()).isEqualTo(12);
    assertFails(Errno.EINVAL, () -> one.files().allocate(USER, handle, 0, 0, 0));
    close(one, handle);
  }

  @Test
  void anUnlinkedFileWorksUntilItsLastClose() throws Exception {
    Vfs one = volume.mount(QUICK);
    long handle = create(one, "f");
    write(one, handle, 0, "kept");
    one.files().fsync(handle);
    two.namespace().unlink(USER, InodeId.ROOT, name("f"));
    volume.tree.reap();
    assertThat(read(one, handle, 0, 10)).isEqualTo("kept");
    write(one, handle, 4, "!");
    one.files().fsync(handle);
    assertThat(read(one, handle, 0, 10)).isEqualTo("kept!");
    assertThat(one.files().attributes(handle).links()).isZero();
    close(one, handle);
    await().untilAsserted(() -> assertThat(volume.tree.stats().inodes()).isEqualTo(1));
  }

  /** It may be freed at any time: the leader may have heard already that it is not open here. */
  @Test
  void aFileWithoutANameIsOpenedOnlyWhereItIsOpen() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "kept");
    one.files().fsync(handle);
    InodeId inode = one.files().inode(handle);
    one.namespace().unlink(USER, InodeId.ROOT, name("f"));
    assertFails(Errno.ESTALE, () -> two.files().open(USER, inode, OpenFlags.READ_ONLY));
    long again = one.files().open(USER, inode, OpenFlags.READ_ONLY).handle();
    close(one, handle);
    volume.tree.reap();
    assertThat(read(one, again, 0, 10)).isEqualTo("kept");
    close(one, again);
    assertFails(Errno.ESTALE, () -> one.files().open(USER, inode, OpenFlags.READ_ONLY));
  }

  @Test
  void aRenameNeverOvertakesTheDataOfItsFile() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "data");
    one.namespace().rename(USER, InodeId.ROOT, name("f"), InodeId.ROOT, name("g"), 0);
    assertThat(volume.blocks.count()).isEqualTo(1);
    assertThat(readAll(two, "g")).isEqualTo("data");
    write(one, handle, 4, "more");
    one.namespace().link(USER, find(one, "g").inode(), InodeId.ROOT, name("h"));
    assertThat(volume.blocks.count()).isEqualTo(2);
    assertThat(readAll(two, "h")).isEqualTo("datamore");
    close(one, handle);
  }

  @Test
  void aTimeThatIsSetIsNotOvertakenByAnOlderWrite() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "data");
    Timestamp given = new Timestamp(77, 0);
    one.namespace()
        .change(
            USER, find(one, "f").inode(), AttributeChange.times(null, new TimeChange.At(given)));
    close(one, handle);
    assertThat(find(two, "f").modified()).isEqualTo(given);
  }

  @Test
  void oldDataIsCommittedWithoutBeingAsked() throws Exception {
    Vfs vfs = volume.mount(QUICK);
    long handle = create(vfs, "f");
    write(vfs, handle, 0, "soon");
    await().until(() -> volume.blocks.count() == 1);
    assertThat(readAll(two, "f")).isEqualTo("soon");
    close(vfs, handle);
  }

  @Test
  void smallReadsComeFromTheCacheAndTheCacheIsBounded() throws Exception {
    byte[] bytes = new byte[16 << 20];
    new Random(1).nextBytes(bytes);
    long handle = create(one, "f");
    write(one, handle, 0, bytes);
    close(one, handle);
    long reader = open(two, "f", OpenFlags.READ_ONLY);
    for (int at = 0; at < bytes.length; at += 4096) {
      assertThat(readBytes(two, reader, at, 4096))
          .isEqualTo(Arrays.copyOfRange(bytes, at, at + 4096));
    }
    // Read-ahead may load a piece again that was pushed out before it was read, but not each.
    assertThat(volume.blocks.reads()).isBetween(256, 2 * 256);
    assertThat(two.memory().cacheBytes()).isLessThanOrEqualTo(Volume.CALM.cacheBytesMax());
    close(two, reader);
  }

  @Test
  void aReadIsTriedAgainAndThenAnswersEio() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "data");
    close(one, handle);
    volume.blocks.failReads(1);
    assertThat(readAll(two, "f")).isEqualTo("data");
    Vfs three = volume.mount();
    volume.blocks.failReads(1000);
    assertFails(Errno.EIO, () -> readAll(three, "f"));
    volume.blocks.failReads(0);
    assertThat(readAll(three, "f")).isEqualTo("data");
  }

  @Test
  void readingMovesAtimeOnceAndNothingElse() throws Exception {
    long handle = create(one, "f");
    write(one, handle, 0, "data");
    close(one, handle);
    Attributes before = find(two, "f");
    assertThat(readAll(two, "f")).isEqualTo("data");
    await().until(() -> find(one, "f").accessed().compareTo(before.accessed()) > 0);
    Attributes after = find(one, "f");
    assertThat(after.changed()).isEqualTo(before.changed());
    assertThat(after.modified()).isEqualTo(before.modified());
    assertThat(readAll(two, "f")).isEqualTo("data");
    assertThat(find(one, "f")).isEqualTo(after);
  }

  @Test
  void handlesObeyTheirFlags() throws Exception {
    long handle = create(one, "f", OpenFlags.WRITE_ONLY);
    assertFails(Errno.EBADF, () -> read(one, handle, 0, 1));
    close(one, handle);
    long reader = open(one, "f", OpenFlags.READ_ONLY);
    assertFails(Errno.EBADF, () -> write(one, reader, 0, "x"));
    close(one, reader);
    assertFails(Errno.EBADF, () -> read(one, reader, 0, 1));
    assertFails(Errno.EISDIR, () -> one.files().open(USER, InodeId.ROOT, OpenFlags.READ_WRITE));
  }
}
