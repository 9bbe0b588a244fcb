package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static io.pandofs.mount.vfs.Volume.USER;
import static io.pandofs.mount.vfs.Volume.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.config.MountFlags.AccessTime;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.Operation;
import io.pandofs.meta.testing.LocalMetadataSession;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Small data goes into the log as it is, ahead of it under the file's lease. */
@Timeout(60)
class SmallDataTest {

  private final Volume volume = new Volume();
  private final Volume.Source source = new Volume.Source(volume.tree);
  private final Vfs here = volume.mount(Volume.CALM, source);
  private final Vfs there = volume.mount();
  private InodeId d = InodeId.ROOT;

  @BeforeEach
  void makeDirectory() throws Exception {
    volume.tree.takesInline(true);
    d = directory(here);
  }

  @AfterEach
  void end() {
    volume.close();
  }

  private static InodeId directory(Vfs vfs) throws ErrnoException {
    CreateMode mode = CreateMode.of(0755);
    return vfs.namespace()
        .makeDirectory(USER, InodeId.ROOT, name("d" + vfs.hashCode()), mode)
        .inode();
  }

  private long create(Vfs vfs, String text, int flags) throws ErrnoException {
    return vfs.files()
        .create(
            USER,
            d,
            name(text),
            CreateMode.of(0644),
            OpenFlags.READ_WRITE | OpenFlags.EXCLUSIVE | flags)
        .handle();
  }

  private String read(Vfs vfs, String text) throws ErrnoException {
    InodeId file = vfs.namespace().lookup(d, name(text)).inode();
    long handle = vfs.files().open(USER, file, OpenFlags.READ_ONLY).handle();
    try {
      return Volume.read(vfs, handle, 0, 100);
    } finally {
      vfs.files().release(handle);
    }
  }

  private interface Call {
    void make() throws ErrnoException;
  }

  private static CompletableFuture<Boolean> start(Call call) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            call.make();
            return true;
          } catch (ErrnoException e) {
            throw new CompletionException(e);
          }
        });
  }

  private static void staysUndone(CompletableFuture<?> call) {
    await()
        .during(Duration.ofMillis(200))
        .atMost(Duration.ofSeconds(10))
        .until(() -> !call.isDone());
  }

  /** What tar and what an editor do: neither waits for anybody. */
  @Test
  void timesAndNamesOfAFileThatWasJustWrittenNeedNoLog() throws Exception {
    LocalMetadataSession session = source.last();
    long handle = create(here, "f", 0);
    session.holdBack();
    Volume.write(here, handle, 0, "small");
    InodeId file = here.namespace().lookup(d, name("f")).inode();
    Timestamp old = new Timestamp(1_000_000, 7);
    here.namespace().change(USER, file, AttributeChange.times(null, new TimeChange.At(old)));
    here.namespace().rename(USER, d, name("f"), d, name("g"), 0);
    assertThat(here.namespace().attributes(file).modified()).isEqualTo(old);
    assertThat(here.namespace().attributes(file).sizeBytes()).isEqualTo(5);
    assertThat(read(here, "g")).isEqualTo("small");
    Volume.write(here, handle, 3, "rt");
    assertThat(read(here, "g")).isEqualTo("smart");

    CompletableFuture<Boolean> synced = start(() -> here.files().fsync(handle));
    staysUndone(synced);
    session.letGo();
    assertThat(synced.get(10, TimeUnit.SECONDS)).isTrue();
    here.files().release(handle);
    assertThat(volume.blocks.count()).isZero();
    assertThat(read(there, "g")).isEqualTo("smart");
    volume.moveInline();
    assertThat(volume.blocks.count()).isEqualTo(2);
    assertThat(read(there, "g")).isEqualTo("smart");
    assertThat(read(here, "g")).isEqualTo("smart");
    assertThat(volume.tree.check().examples()).isEmpty();
  }

  @Test
  void anotherMountSeesItAtOnceAndAllOfIt() throws Exception {
    LocalMetadataSession session = source.last();
    long handle = create(here, "f", 0);
    here.files().fsync(handle);
    session.holdBack();
    Volume.write(here, handle, 0, "one");
    InodeId file = here.namespace().lookup(d, name("f")).inode();
    here.namespace().change(USER, file, AttributeChange.permissions(0600));
    Volume.write(here, handle, 3, " two");
    CompletableFuture<String> seen = new CompletableFuture<>();
    CompletableFuture<Boolean> reader = start(() -> seen.complete(read(there, "f")));
    staysUndone(reader);
    session.letGo();
    assertThat(seen.get(10, TimeUnit.SECONDS)).isEqualTo("one two");
    here.files().release(handle);
  }

  @Test
  void whatIsLargeOrTooMuchInTheTablesGoesToTheReplicas() throws Exception {
    long handle = create(here, "f", 0);
    Volume.write(here, handle, 0, new byte[WriteBack.INLINE_BYTES_MAX]);
    here.files().fsync(handle);
    assertThat(volume.blocks.count()).isZero();
    Volume.write(here, handle, 0, new byte[WriteBack.INLINE_BYTES_MAX + 1]);
    here.files().fsync(handle);
    assertThat(volume.blocks.count()).isEqualTo(1);
    volume.tree.takesInline(false);
    Volume.write(here, handle, 0, "small");
    here.files().fsync(handle);
    assertThat(volume.blocks.count()).isEqualTo(2);
    volume.tree.takesInline(true);
    volume.freeBytes = 1 << 20;
    Volume.write(here, handle, 0, "small");
    here.files().fsync(handle);
    assertThat(volume.blocks.count()).as("who has no room is to say so").isEqualTo(3);
    here.files().release(handle);
  }

  @Test
  void writesThatAreToBeDurableWaitForTheLog() throws Exception {
    LocalMetadataSession session = source.last();
    long synced = create(here, "f", OpenFlags.DATA_SYNC);
    long plain = create(here, "g", 0);
    session.holdBack();
    CompletableFuture<Boolean> write = start(() -> Volume.write(here, synced, 0, "x"));
    staysUndone(write);
    Volume.write(here, plain, 0, "y");
    CompletableFuture<Boolean> all = start(here::sync);
    staysUndone(all);
    session.letGo();
    assertThat(write.get(10, TimeUnit.SECONDS)).isTrue();
    assertThat(all.get(10, TimeUnit.SECONDS)).isTrue();
    here.files().release(synced);
    here.files().release(plain);
  }

  @Test
  void mountsThatSyncWaitForTheLog() throws Exception {
    for (boolean onWrite : new boolean[] {true, false}) {
      VfsOptions sync =
          new VfsOptions(
              64L << 20,
              8L << 20,
              1 << 20,
              Duration.ofDays(1),
              AccessTime.RELATIME,
              Duration.ofSeconds(30),
              Duration.ofSeconds(30),
              onWrite,
              true);
      Volume.Source syncing = new Volume.Source(volume.tree);
      Vfs vfs = volume.mount(sync, syncing);
      d = directory(vfs);
      long handle = create(vfs, "f", 0);
      syncing.last().holdBack();
      CompletableFuture<Boolean> closed =
          start(
              () -> {
                Volume.write(vfs, handle, 0, "x");
                vfs.files().flush(handle, 0);
              });
      staysUndone(closed);
      syncing.last().letGo();
      assertThat(closed.get(10, TimeUnit.SECONDS)).isTrue();
      vfs.files().release(handle);
      assertThat(read(there, "f")).isEqualTo("x");
    }
  }

  @Test
  void whatIsLostWithTheSessionIsToldToWhoHasTheFileOpen() throws Exception {
    long handle = create(here, "f", 0);
    here.files().fsync(handle);
    source.last().holdBack();
    Volume.write(here, handle, 0, "lost");
    InodeId file = here.namespace().lookup(d, name("f")).inode();
    here.namespace().change(USER, file, AttributeChange.permissions(0600));
    source.expire();
    assertFails(Errno.EIO, () -> here.files().fsync(handle));
    here.files().fsync(handle);
    assertThat(here.namespace().attributes(file).sizeBytes()).isZero();
    here.files().release(handle);
    assertThat(here.lostFiles()).isZero();
  }

  /** Else a good file would change places with one whose bytes are lost. */
  @Test
  void aRenameThatWaitsForAnotherMountHappensInTheSessionOfTheBytesOrNotAtAll() throws Exception {
    Volume.Source others = new Volume.Source(volume.tree);
    Vfs other = volume.mount(Volume.CALM, others);
    InodeId their = directory(other);
    InodeId mine = d;
    d = their;
    other.files().release(create(other, "target", 0));
    other.sync();
    d = mine;
    long handle = create(here, "new", 0);
    here.files().fsync(handle);
    InodeId file = here.namespace().lookup(mine, name("new")).inode();
    source.last().holdBack();
    Volume.write(here, handle, 0, "lost");
    here.files().flush(handle, 0);
    others.last().holdBack();
    CompletableFuture<Boolean> renamed =
        start(
            () ->
                here.namespace()
                    .rename(
                        USER, mine, name("new"), their, name("target"), Operation.RENAME_EXCHANGE));
    staysUndone(renamed);
    source.expire();
    others.last().letGo();
    assertThat(renamed).failsWithin(Duration.ofSeconds(10));
    assertThat(there.namespace().lookup(mine, name("new")).inode()).isEqualTo(file);
    here.files().release(handle);
  }

  /** Or to who opens it next. */
  @Test
  void whatIsLostOfAClosedFileIsToldToWhoOpensItNext() throws Exception {
    long handle = create(here, "f", 0);
    here.files().fsync(handle);
    source.last().holdBack();
    Volume.write(here, handle, 0, "lost");
    InodeId file = here.namespace().lookup(d, name("f")).inode();
    here.namespace().change(USER, file, AttributeChange.permissions(0600));
    here.files().flush(handle, 0);
    here.files().release(handle);
    source.expire();
    long next = here.files().open(USER, file, OpenFlags.READ_WRITE).handle();
    assertThat(here.lostFiles()).isEqualTo(1);
    assertFails(Errno.EIO, () -> here.files().fsync(next));
    here.files().fsync(next);
    here.files().release(next);
    assertThat(here.lostFiles()).isZero();
  }
}
