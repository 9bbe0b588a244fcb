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
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.Waits;
import io.pandofs.common.config.MountFlags.AccessTime;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two mounts of one tree: what one has written and not sent, the other one sees all the same. */
@Timeout(60)
class LeasesTest {

  private final Volume volume = new Volume();
  private final Volume.Source source = new Volume.Source(volume.tree);
  private final Vfs here = volume.mount(Volume.CALM, source);
  private final Vfs there = volume.mount();
  private final TestSession troubled = new TestSession(volume.tree.newSession());
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void end() {
    volume.close();
    threads.shutdownNow();
  }

  /** Work on a thread of its own. */
  private interface Work<T> {
    T run() throws Exception;
  }

  private <T> CompletableFuture<T> start(Work<T> work) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return work.run();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        },
        threads);
  }

  private static Attributes stat(Vfs vfs, long handle) throws Exception {
    return vfs.files().attributes(handle);
  }

  @Test
  void aWriteIsSeenThereBeforeTheFileIsClosed() throws Exception {
    long mine = create(here, "f");
    write(here, mine, 0, "hello");
    Attributes own = stat(here, mine);
    Attributes seen = find(there, "f");
    assertThat(seen.sizeBytes()).isEqualTo(5);
    assertThat(seen.modified()).isEqualTo(own.modified());
    long theirs = open(there, "f", OpenFlags.READ_WRITE);
    write(here, mine, 5, " world");
    assertThat(read(there, theirs, 0, 100)).isEqualTo("hello world");
    write(there, theirs, 0, "J");
    assertThat(read(here, mine, 0, 100)).isEqualTo("Jello world");
    assertThat(stat(here, mine).modified()).isEqualTo(stat(there, theirs).modified());
    close(here, mine);
    close(there, theirs);
  }

  @Test
  void aReaderSeesWhatWasWrittenOverWhatItReadBefore() throws Exception {
    long mine = create(here, "f");
    write(here, mine, 0, "0");
    long theirs = open(there, "f", OpenFlags.READ_ONLY);
    for (int i = 1; i < 100; i++) {
      write(here, mine, 0, Integer.toString(i));
      assertThat(read(there, theirs, 0, 10)).isEqualTo(Integer.toString(i));
      assertThat(read(here, mine, 0, 10)).isEqualTo(Integer.toString(i));
    }
    close(here, mine);
    close(there, theirs);
  }

  @Test
  void whoWaitsForALeaseInTurnWaitsNoLongerThanOne() throws Exception {
    VfsOptions hasty =
        new VfsOptions(
            64L << 20,
            8L << 20,
            1 << 20,
            Duration.ofDays(1),
            AccessTime.RELATIME,
            Duration.ofSeconds(30),
            Duration.ofSeconds(2),
            false,
            false);
    Vfs waiting = volume.mount(hasty);
    long theirs = create(there, "f");
    long mine = open(waiting, "f", OpenFlags.READ_WRITE | OpenFlags.APPEND);
    volume.blocks.hold();
    write(there, theirs, 0, "held");
    long began = System.nanoTime();
    List<CompletableFuture<Void>> waiters = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      boolean append = i % 2 == 0;
      waiters.add(
          start(
              () -> {
                assertFails(
                    Errno.EIO,
                    () -> {
                      if (append) {
                        write(waiting, mine, 0, "x");
                      } else {
                        waiting.files().truncate(USER, mine, 1);
                      }
                    });
                return null;
              }));
    }
    CompletableFuture.allOf(waiters.toArray(CompletableFuture[]::new)).get(50, TimeUnit.SECONDS);
    // One after the other they would take 24 s.
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(12));
    volume.blocks.letGo();
    close(there, theirs);
    waiting.files().release(mine);
  }

  @Test
  void closeDoesNotWaitForTheCommitAndLosesNothing() throws Exception {
    volume.blocks.hold();
    long handle = create(here, "f");
    write(here, handle, 0, "later");
    close(here, handle);
    assertThat(find(here, "f").sizeBytes()).isEqualTo(5);
    assertThat(readAll(here, "f")).isEqualTo("later");
    volume.blocks.letGo();
    assertThat(readAll(there, "f")).isEqualTo("later");
    assertThat(here.memory().dirtyBytes()).isZero();
  }

  @Test
  void whatIsClosedIsShippedAndItsLeaseGivenBackByAndBy() throws Exception {
    VfsOptions quick =
        new VfsOptions(
            64L << 20,
            8L << 20,
            1 << 20,
            Duration.ofMillis(40),
            AccessTime.RELATIME,
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            false,
            false);
    Vfs mount = volume.mount(quick);
    long handle = create(mount, "f");
    write(mount, handle, 0, "later");
    InodeId inode = find(mount, "f").inode();
    close(mount, handle);
    await().until(() -> volume.tree.holder(inode) == null);
    assertThat(mount.memory().dirtyBytes()).isZero();
    int recalls = volume.tree.recalls();
    assertThat(readAll(there, "f")).isEqualTo("later");
    assertThat(volume.tree.recalls()).isEqualTo(recalls);
    // Nothing holds it any more once its name was looked up some seconds ago.
    there.namespace().unlink(USER, InodeId.ROOT, name("f"));
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              volume.tree.reap();
              assertThat(volume.tree.stats().inodes()).isEqualTo(1);
            });
  }

  @Test
  void appendersOnTwoMountsLoseAndTearNothing() throws Exception {
    long seed = create(here, "log");
    close(here, seed);
    int count = 150;
    List<CompletableFuture<Boolean>> appending = new ArrayList<>();
    for (Vfs vfs : List.of(here, there)) {
      String tag = vfs == here ? "a" : "b";
      appending.add(
          start(
              () -> {
                long handle = open(vfs, "log", OpenFlags.WRITE_ONLY | OpenFlags.APPEND);
                for (int i = 0; i < count; i++) {
                  write(vfs, handle, 0, tag + "-" + i + "\n");
                }
                close(vfs, handle);
                return true;
              }));
    }
    for (CompletableFuture<Boolean> one : appending) {
      assertThat(one.get(40, TimeUnit.SECONDS)).isTrue();
    }
    List<String> lines = readAll(there, "log").lines().toList();
    for (String tag : List.of("a", "b")) {
      List<String> own = lines.stream().filter(line -> line.startsWith(tag)).toList();
      assertThat(own).hasSize(count);
      for (int i = 0; i < count; i++) {
        assertThat(own.get(i)).isEqualTo(tag + "-" + i);
      }
    }
    assertThat(lines).hasSize(2 * count);
  }

  @Test
  void namesAndAttributesChangedThereDoNotOvertakeTheData() throws Exception {
    long handle = create(here, "f");
    write(here, handle, 0, "one");
    there.namespace().rename(USER, InodeId.ROOT, name("f"), InodeId.ROOT, name("g"), 0);
    write(here, handle, 3, "two");
    InodeId inode = find(there, "g").inode();
    write(here, handle, 6, "three");
    there.namespace().link(USER, inode, InodeId.ROOT, name("h"));
    write(here, handle, 11, "!");
    there.namespace().change(USER, inode, AttributeChange.size(7L));
    assertThat(stat(here, handle).sizeBytes()).isEqualTo(7);
    assertThat(read(here, handle, 0, 100)).isEqualTo("onetwot");
    write(here, handle, 7, "x");
    there.xattrs().set(USER, inode, "user.a".getBytes("UTF-8"), new byte[1], 0);
    write(here, handle, 8, "y");
    there.namespace().unlink(USER, InodeId.ROOT, name("g"));
    there.namespace().unlink(USER, InodeId.ROOT, name("h"));
    assertThat(read(here, handle, 0, 100)).isEqualTo("onetwotxy");
    write(here, handle, 9, "z");
    assertThat(read(here, handle, 0, 100)).isEqualTo("onetwotxyz");
    close(here, handle);
  }

  @Test
  void aFileReplacedThereByALeasedOneHasItsData() throws Exception {
    long old = create(there, "old");
    write(there, old, 0, "old");
    long fresh = create(here, "new");
    write(here, fresh, 0, "new");
    here.namespace().rename(USER, InodeId.ROOT, name("new"), InodeId.ROOT, name("old"), 0);
    assertThat(readAll(there, "old")).isEqualTo("new");
    assertThat(read(there, old, 0, 10)).isEqualTo("old");
    long swapped = create(there, "swap");
    write(there, swapped, 0, "swap");
    write(here, fresh, 3, "er");
    here.namespace()
        .rename(
            USER, InodeId.ROOT, name("swap"), InodeId.ROOT, name("old"), Operation.RENAME_EXCHANGE);
    assertThat(readAll(there, "swap")).isEqualTo("newer");
    assertThat(readAll(here, "old")).isEqualTo("swap");
  }

  @Test
  void aRecallWaitsForASlowPut() throws Exception {
    long handle = create(here, "f");
    volume.blocks.hold();
    write(here, handle, 0, "slow");
    CompletableFuture<Attributes> seen = start(() -> find(there, "f"));
    await().until(() -> volume.blocks.held() > 0);
    // The writer waits meanwhile: what it would write is not covered by a lease.
    CompletableFuture<Boolean> writer =
        start(
            () -> {
              write(here, handle, 4, "er");
              return true;
            });
    assertThat(seen).isNotDone();
    assertThat(writer).isNotDone();
    volume.blocks.letGo();
    assertThat(seen.get().sizeBytes()).isGreaterThanOrEqualTo(4);
    assertThat(writer.get()).isTrue();
    assertThat(readAll(there, "f")).isEqualTo("slower");
    close(here, handle);
  }

  @Test
  void aHolderThatDiesIsWaitedForUntilItsSessionEnds() throws Exception {
    long handle = create(here, "f");
    write(here, handle, 0, "kept");
    here.files().fsync(handle);
    volume.blocks.hold();
    write(here, handle, 0, "lost");
    CompletableFuture<String> seen = start(() -> readAll(there, "f"));
    await().until(() -> volume.blocks.held() > 0);
    assertThat(seen).isNotDone();
    source.expire();
    assertThat(seen.get(10, TimeUnit.SECONDS)).isEqualTo("kept");
    volume.blocks.letGo();
    assertFails(Errno.EIO, () -> here.files().fsync(handle));
    assertThat(readAll(there, "f")).isEqualTo("kept");
    // The next session has none of the leases of the one before.
    write(here, handle, 0, "next");
    assertThat(readAll(there, "f")).isEqualTo("next");
    close(here, handle);
  }

  @Test
  void whoWaitsForALeaseWaitsNoLongerThanTheMountDoes() throws Exception {
    VfsOptions hasty =
        new VfsOptions(
            64L << 20,
            8L << 20,
            1 << 20,
            Duration.ofDays(1),
            AccessTime.RELATIME,
            Duration.ofMillis(300),
            Duration.ofMillis(300),
            false,
            false);
    Vfs mount = volume.mount(hasty);
    long handle = create(here, "f");
    volume.blocks.hold();
    write(here, handle, 0, "slow");
    assertFails(Errno.EIO, () -> find(mount, "f"));
    assertFails(Errno.EIO, () -> mount.namespace().unlink(USER, InodeId.ROOT, name("f")));
    assertFails(Errno.EIO, () -> open(mount, "f", OpenFlags.READ_ONLY));
    volume.blocks.letGo();
    assertThat(readAll(mount, "f")).isEqualTo("slow");
    close(here, handle);
  }

  @Test
  void whoWaitsForALeaseCanBeGivenUp() throws Exception {
    long handle = create(here, "f");
    volume.blocks.hold();
    write(here, handle, 0, "slow");
    CompletableFuture<Thread> waiter = new CompletableFuture<>();
    CompletableFuture<Attributes> seen =
        start(
            () -> {
              waiter.complete(Thread.currentThread());
              assertFails(Errno.EINTR, () -> find(there, "f"));
              assertFails(Errno.EINTR, () -> find(there, "f"));
              assertThat(Thread.currentThread().isInterrupted()).isFalse();
              Waits.finished(Thread.currentThread());
              return find(there, "f");
            });
    await().until(() -> volume.blocks.held() > 0);
    Waits.giveUp(waiter.get());
    await().until(() -> volume.tree.recalls() > 1);
    assertThat(seen).isNotDone();
    volume.blocks.letGo();
    assertThat(seen.get().sizeBytes()).isEqualTo(4);
    close(here, handle);
  }

  /** Its own mount is giving the lease back, and cannot commit what was written under it. */
  @Test
  void whoWaitsUntilALeaseIsBackCanBeGivenUp() throws Exception {
    long handle = create(here, "f");
    volume.blocks.hold();
    write(here, handle, 0, "slow");
    CompletableFuture<Attributes> seen = start(() -> find(there, "f"));
    await().until(() -> volume.blocks.held() > 0);
    CompletableFuture<Thread> waiter = new CompletableFuture<>();
    CompletableFuture<Void> second =
        start(
            () -> {
              waiter.complete(Thread.currentThread());
              assertFails(Errno.EINTR, () -> write(here, handle, 4, "er"));
              assertThat(Thread.currentThread().isInterrupted()).isFalse();
              Waits.finished(Thread.currentThread());
              return null;
            });
    await().until(() -> waiter.get().getState() == Thread.State.TIMED_WAITING);
    Waits.giveUp(waiter.get());
    second.get(20, TimeUnit.SECONDS);
    assertThat(seen).isNotDone();
    volume.blocks.letGo();
    assertThat(seen.get(20, TimeUnit.SECONDS).sizeBytes()).isEqualTo(4);
    close(here, handle);
  }

  @Test
  void manyClosedFilesComeBackWithAFewRecalls() throws Exception {
    int count = 500;
    for (int i = 0; i < count; i++) {
      long handle = create(here, "f" + i);
      write(here, handle, 0, "x" + i);
      close(here, handle);
    }
    for (int i = 0; i < count; i++) {
      assertThat(find(there, "f" + i).sizeBytes()).isEqualTo(("x" + i).length());
    }
    assertThat(volume.tree.recalls()).isLessThan(10);
  }

  @Test
  void twoMountsThatWantEachOthersFileBothGetIt() throws Exception {
    long a = create(here, "a");
    long b = create(there, "b");
    for (int round = 0; round < 20; round++) {
      write(here, a, 0, "a" + round);
      write(there, b, 0, "b" + round);
      long otherA = open(there, "a", OpenFlags.READ_WRITE);
      long otherB = open(here, "b", OpenFlags.READ_WRITE);
      write(here, a, 10, "+");
      write(there, b, 10, "+");
      CompletableFuture<Boolean> one =
          start(
              () -> {
                write(here, otherB, 20, "here");
                return true;
              });
      CompletableFuture<Boolean> two =
          start(
              () -> {
                write(there, otherA, 20, "there");
                return true;
              });
      assertThat(one.get(20, TimeUnit.SECONDS)).isTrue();
      assertThat(two.get(20, TimeUnit.SECONDS)).isTrue();
      assertThat(readAll(here, "a")).startsWith("a" + round).endsWith("there");
      assertThat(readAll(there, "b")).startsWith("b" + round).endsWith("here");
      close(there, otherA);
      close(here, otherB);
    }
    close(here, a);
    close(there, b);
  }

  @Test
  void renamesOverEachOthersFilesComeThrough() throws Exception {
    for (int round = 0; round < 20; round++) {
      long a = create(here, "a");
      long b = create(there, "b");
      write(here, a, 0, "a");
      write(there, b, 0, "b");
      CompletableFuture<Boolean> one = start(() -> rename(here, "b", "a", a, "a"));
      CompletableFuture<Boolean> two = start(() -> rename(there, "a", "b", b, "b"));
      one.get(20, TimeUnit.SECONDS);
      two.get(20, TimeUnit.SECONDS);
      close(here, a);
      close(there, b);
    }
  }

  private static boolean rename(Vfs vfs, String from, String to, long handle, String text)
      throws Exception {
    write(vfs, handle, 1, text);
    try {
      vfs.namespace().rename(USER, InodeId.ROOT, name(from), InodeId.ROOT, name(to), 0);
      return true;
    } catch (io.pandofs.common.ErrnoException e) {
      // The other one was faster and took the name away.
      assertThat(e.errno()).isEqualTo(Errno.ENOENT);
      return false;
    }
  }

  @Test
  void twoWritersOfOneFileBothGoOn() throws Exception {
    long mine = create(here, "f");
    long theirs = open(there, "f", OpenFlags.READ_WRITE);
    int count = 200;
    CompletableFuture<Boolean> one = start(() -> fill(here, mine, 0, count));
    CompletableFuture<Boolean> two = start(() -> fill(there, theirs, 8, count));
    assertThat(one.get(40, TimeUnit.SECONDS)).isTrue();
    assertThat(two.get(40, TimeUnit.SECONDS)).isTrue();
    for (Vfs vfs : List.of(here, there)) {
      String all = readAll(vfs, "f");
      assertThat(all.substring(0, 8)).isEqualTo("%08d".formatted(count - 1));
      assertThat(all.substring(8)).isEqualTo("%08d".formatted(count - 1));
    }
    close(here, mine);
    close(there, theirs);
  }

  private static boolean fill(Vfs vfs, long handle, long offset, int count) throws Exception {
    for (int i = 0; i < count; i++) {
      String text = "%08d".formatted(i);
      write(vfs, handle, offset, text);
      assertThat(read(vfs, handle, offset, 8)).isEqualTo(text);
    }
    return true;
  }

  @Test
  void aLossAfterTheCloseIsCountedAndToldToWhoOpensTheFile() throws Exception {
    long closed = create(here, "f");
    long other = create(here, "g");
    write(here, closed, 0, "lost");
    close(here, closed);
    volume.blocks.failPuts(1);
    here.sync();
    assertThat(here.lostFiles()).isEqualTo(1);
    here.files().fsync(other);
    long again = open(here, "f", OpenFlags.READ_WRITE);
    assertFails(Errno.ENOSPC, () -> here.files().fsync(again));
    here.files().fsync(again);
    assertThat(find(there, "f").sizeBytes()).isZero();
    close(here, other);
    close(here, again);
  }

  @Test
  void aSessionThatEndsTakesWhatWasClosedWithIt() throws Exception {
    long closed = create(here, "f");
    write(here, closed, 0, "lost");
    close(here, closed);
    source.expire();
    assertThat(find(here, "f").sizeBytes()).isZero();
    assertThat(here.lostFiles()).isEqualTo(1);
    assertThat(here.memory().dirtyBytes()).isZero();
  }

  @Test
  void whoWaitsForABlocksNumberKeepsNoCleanFileFromOthers() throws Exception {
    Vfs mount = volume.mount(Volume.CALM, () -> troubled);
    CompletableFuture<Void> numbers = new CompletableFuture<>();
    try {
      long clean = create(mount, "clean");
      write(mount, clean, 0, "kept");
      mount.files().fsync(clean);
      troubled.numbersAfter(numbers);
      List<CompletableFuture<String>> readers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        String name = "f" + i;
        write(mount, create(mount, name), 0, name);
        readers.add(start(() -> readAll(there, name)));
      }
      // Until all that can wait for a number do.
      await().until(() -> troubled.waiting() >= 8);
      assertThat(start(() -> readAll(there, "clean")).get(20, TimeUnit.SECONDS)).isEqualTo("kept");
      numbers.complete(null);
      for (int i = 0; i < readers.size(); i++) {
        assertThat(readers.get(i).get(20, TimeUnit.SECONDS)).isEqualTo("f" + i);
      }
    } finally {
      numbers.complete(null);
    }
  }

  @Test
  void aLeaseDoesNotOutliveItsSession() throws Exception {
    long handle = create(here, "f");
    write(here, handle, 0, "kept");
    here.files().fsync(handle);
    source.expire();
    write(here, handle, 0, "next");
    assertThat(readAll(there, "f")).isEqualTo("next");
    close(here, handle);
  }

  @Test
  void whereSpaceIsLowCloseWaitsForTheCommit() throws Exception {
    volume.freeBytes = 1 << 20;
    long handle = create(here, "f");
    write(here, handle, 0, "full");
    volume.blocks.failPuts(1);
    assertFails(Errno.ENOSPC, () -> here.files().flush(handle));
    here.files().release(handle);
    // Close alone is no telling: hardly a program looks at its answer.
    assertThat(here.lostFiles()).isEqualTo(1);
    long again = open(here, "f", OpenFlags.WRITE_ONLY | OpenFlags.TRUNCATE);
    write(here, again, 0, "fits");
    here.files().flush(again);
    assertFails(Errno.ENOSPC, () -> here.files().fsync(again));
    here.files().fsync(again);
    here.files().release(again);
    assertThat(here.lostFiles()).isZero();
    assertThat(readAll(there, "f")).isEqualTo("fits");
  }

  @Test
  void unmountingShipsWhatWasClosed() throws Exception {
    Vfs third = volume.mount();
    long handle = create(third, "f");
    write(third, handle, 0, "shipped");
    close(third, handle);
    third.close();
    assertThat(readAll(there, "f")).isEqualTo("shipped");
    assertThat(volume.tree.recalls()).isZero();
  }
}
