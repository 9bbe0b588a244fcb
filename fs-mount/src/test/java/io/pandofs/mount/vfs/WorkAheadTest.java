package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static io.pandofs.mount.vfs.Volume.USER;
import static io.pandofs.mount.vfs.Volume.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.config.MountFlags.AccessTime;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.testing.LocalMetadataSession;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A mount answers ahead of the log in directories that it has the lease of. */
@Timeout(60)
class WorkAheadTest {

  private static final CreateMode MODE = CreateMode.of(0755);

  private final Volume volume = new Volume();
  private final Volume.Source source = new Volume.Source(volume.tree);
  private final Vfs here = volume.mount(Volume.CALM, source);
  private final Vfs there = volume.mount();

  @AfterEach
  void end() {
    volume.close();
  }

  private static InodeId directory(Vfs vfs, String text) throws ErrnoException {
    return vfs.namespace().makeDirectory(USER, InodeId.ROOT, name(text), MODE).inode();
  }

  private static long create(Vfs vfs, InodeId parent, String text) throws ErrnoException {
    int flags = OpenFlags.READ_WRITE | OpenFlags.EXCLUSIVE;
    return vfs.files().create(USER, parent, name(text), CreateMode.of(0644), flags).handle();
  }

  private static List<String> names(Vfs vfs, InodeId parent) throws ErrnoException {
    long listing = vfs.directories().open(parent, 0);
    try {
      return vfs.directories().read(listing, 0, 1000).stream()
          .map(entry -> new String(entry.name(), java.nio.charset.StandardCharsets.UTF_8))
          .filter(text -> !text.startsWith("."))
          .sorted()
          .toList();
    } finally {
      vfs.directories().release(listing);
    }
  }

  private interface Call<T> {
    T make() throws ErrnoException;
  }

  private static <T> CompletableFuture<T> start(Call<T> call) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return call.make();
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

  @Test
  void aNewDirectoryIsWorkedInAheadOfTheLogAndSyncedByFsync() throws Exception {
    InodeId d = directory(here, "d");
    long listing = here.directories().open(d, 0);
    LocalMetadataSession session = source.last();
    session.holdBack();
    here.files().release(create(here, d, "f"));
    here.files().release(create(here, d, "g"));
    here.namespace().rename(USER, d, name("f"), d, name("h"), 0);
    here.namespace().unlink(USER, d, name("g"));
    InodeId below = here.namespace().makeDirectory(USER, d, name("below"), MODE).inode();
    here.files().release(create(here, below, "deep"));
    assertThat(names(here, d)).containsExactly("below", "h");
    assertThat(names(here, below)).containsExactly("deep");
    assertFails(Errno.ENOENT, () -> here.namespace().lookup(d, name("f")));
    assertFails(Errno.EEXIST, () -> create(here, d, "h"));

    CompletableFuture<Boolean> synced =
        start(
            () -> {
              here.directories().fsync(listing);
              return true;
            });
    staysUndone(synced);
    session.letGo();
    assertThat(synced.get(10, TimeUnit.SECONDS)).isTrue();
    try (var view = volume.tree.view()) {
      assertThat(view.readDirectory(d, 0, 10)).hasSize(2);
    }
    here.directories().release(listing);
  }

  @Test
  void anotherMountMeetsAllOfItOnceItIsGivenBack() throws Exception {
    InodeId d = directory(here, "d");
    LocalMetadataSession session = source.last();
    session.holdBack();
    for (int i = 0; i < 3; i++) {
      here.files().release(create(here, d, "f" + i));
    }
    CompletableFuture<List<String>> seen = start(() -> names(there, d));
    staysUndone(seen);
    session.letGo();
    assertThat(seen.get(10, TimeUnit.SECONDS)).containsExactly("f0", "f1", "f2");
    assertThat(volume.tree.holder(d)).isNull();
  }

  @Test
  void whatIsLostWithTheSessionIsToldToEachHandleOnce() throws Exception {
    InodeId d = directory(here, "d");
    long open = create(here, d, "kept");
    long listing = here.directories().open(d, 0);
    here.directories().fsync(listing);
    long before = here.losses();
    source.last().holdBack();
    here.namespace().rename(USER, d, name("kept"), d, name("moved"), 0);
    source.expire();
    Volume.write(here, open, 0, "no data is lost");
    assertFails(Errno.EIO, () -> here.files().fsync(open));
    here.files().fsync(open);
    assertFails(Errno.EIO, () -> here.directories().fsync(listing));
    here.directories().fsync(listing);
    assertFails(Errno.EIO, () -> here.directories().fsync());
    here.directories().fsync();
    assertThat(here.losses()).isEqualTo(before + 1);
    assertThat(names(here, d)).containsExactly("kept");
    long later = Volume.create(here, "later");
    Volume.write(here, later, 0, "well");
    here.files().fsync(later);
    here.files().release(later);
    here.files().release(open);
    here.directories().release(listing);
  }

  /** Who opens a file later is told of its data all the same. */
  @Test
  void aLossOfNamesHidesNoLossOfData() {
    LostData lost = new LostData();
    InodeId file = new InodeId(7);
    lost.lost(file, Errno.ENOSPC);
    lost.lostNames();
    assertThat(lost.untold(file, lost.opened(file))).isEqualTo(Errno.ENOSPC);
    assertThat(lost.untold(new InodeId(8), 0)).isNull();
  }

  /** Ends the wait of who is at it, too. */
  @Test
  void whoWaitsForWhatIsLostIsTold() throws Exception {
    InodeId d = directory(here, "d");
    long listing = here.directories().open(d, 0);
    source.last().holdBack();
    here.files().release(create(here, d, "f"));
    CompletableFuture<Boolean> synced =
        start(
            () -> {
              here.directories().fsync(listing);
              return true;
            });
    staysUndone(synced);
    source.expire();
    assertThat(synced).failsWithin(Duration.ofSeconds(10));
    here.directories().release(listing);
  }

  @Test
  void whoChangesSeveralNamesGetsTheLeaseUntilOthersWantTheDirectory() throws Exception {
    InodeId d = directory(there, "d");
    assertThat(names(here, d)).isEmpty();
    assertThat(volume.tree.holder(d)).isNull();
    here.files().release(create(here, d, "a"));
    assertThat(volume.tree.holder(d)).as("one change is no work").isNull();
    here.files().release(create(here, d, "b"));
    assertThat(volume.tree.holder(d)).isEqualTo(source.last().id());

    assertThat(names(there, d)).containsExactly("a", "b");
    assertThat(volume.tree.holder(d)).isNull();
    int recalls = volume.tree.recalls();
    here.files().release(create(here, d, "c"));
    here.files().release(create(here, d, "e"));
    assertThat(volume.tree.holder(d)).as("others want it").isNull();
    assertThat(names(there, d)).hasSize(4);
    assertThat(volume.tree.recalls()).isEqualTo(recalls);
    int[] count = {0};
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              here.files().release(create(here, d, "more" + count[0]++));
              return source.last().id().equals(volume.tree.holder(d));
            });
  }

  @Test
  void aDirectoryThatIsLeftAloneIsGivenBack() throws Exception {
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
    Vfs vfs = volume.mount(quick);
    InodeId d = directory(vfs, "d");
    assertThat(volume.tree.holder(d)).isNotNull();
    await().atMost(Duration.ofSeconds(30)).until(() -> volume.tree.holder(d) == null);
  }

  @Test
  void aMountThatSyncsEachWriteDoesNothingAhead() throws Exception {
    VfsOptions sync =
        new VfsOptions(
            64L << 20,
            8L << 20,
            1 << 20,
            Duration.ofDays(1),
            AccessTime.RELATIME,
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            true,
            true);
    Volume.Source syncing = new Volume.Source(volume.tree);
    Vfs vfs = volume.mount(sync, syncing);
    InodeId d = directory(vfs, "d");
    assertThat(volume.tree.holder(d)).as("a lease would be of no use").isNull();
    vfs.files().release(create(vfs, d, "a"));
    syncing.last().holdBack();
    CompletableFuture<Boolean> made =
        start(
            () -> {
              vfs.files().release(create(vfs, d, "b"));
              return true;
            });
    staysUndone(made);
    syncing.last().letGo();
    assertThat(made.get(10, TimeUnit.SECONDS)).isTrue();
  }
}
