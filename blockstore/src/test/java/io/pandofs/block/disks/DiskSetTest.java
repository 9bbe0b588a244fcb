package io.pandofs.block.disks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.BlockMissingException;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.block.StoreDamagedException;
import io.pandofs.block.StoreFullException;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How disks fail, go and come while the others work on. */
final class DiskSetTest {
  private static final SessionId SESSION = new SessionId(7);
  private static final int LENGTH = 30_000;
  private static final int MANY = 200;

  @TempDir Path root;
  private final Disks disks = new Disks();
  private final List<String> lost = new ArrayList<>();
  private DiskSet set;

  @BeforeEach
  void openThree() throws IOException {
    set = disks.set(root, "a", "b", "c");
    set.onLost((directory, trouble) -> lost.add(directory.getFileName() + ": " + trouble));
  }

  @AfterEach
  void close() {
    set.close();
    disks.close();
  }

  private static ByteBuffer bytes(long block) {
    byte[] bytes = new byte[LENGTH];
    new Random(block).nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private static void put(LocalBlocks into, long block) throws Exception {
    ByteBuffer bytes = bytes(block);
    into.put(SESSION, new BlockId(block), bytes, Checksums.crc32c(bytes)).get(60, TimeUnit.SECONDS);
  }

  private void putMany() throws Exception {
    for (int i = 1; i <= MANY; i++) {
      put(set, i);
    }
  }

  private void assertWhole(long block) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(LENGTH);
    set.read(new BlockId(block), 0, into);
    assertThat(into.flip()).isEqualTo(bytes(block));
  }

  private long blocks(String disk) {
    return disks.get(disk).usage().blocks();
  }

  @Test
  void blocksAreSpreadByFreeSpace() throws Exception {
    putMany();
    assertThat(blocks("a") + blocks("b") + blocks("c")).isEqualTo(MANY);
    for (String disk : List.of("a", "b", "c")) {
      assertThat(blocks(disk)).as(disk).isBetween(MANY / 6L, MANY / 2L);
    }
  }

  @Test
  void aBigDiskGetsMore() throws Exception {
    set.close();
    List<Disk> some = new ArrayList<>();
    for (String name : List.of("x", "y")) {
      some.add(new Disk(root.resolve(name), disks.open(root, name)));
    }
    disks.get("y").free(9L << 30);
    Spread spread = Spread.of(some);
    long onBig = 0;
    for (int i = 1; i <= 10_000; i++) {
      onBig += spread.order(BlockId.ofSerial(i)).get(0) == some.get(1) ? 1 : 0;
    }
    assertThat(onBig).isBetween(8_800L, 9_200L);
    some.forEach(disk -> disk.store().close());
  }

  @Test
  void aDiskThatCannotReadIsTakenOutAndItsBlocksAreMissing() throws Exception {
    putMany();
    long gone = blocks("b");
    disks.get("b").breakDown();
    int missing = 0;
    for (int i = 1; i <= MANY; i++) {
      try {
        assertWhole(i);
      } catch (BlockMissingException e) {
        missing++;
      }
    }
    assertThat(missing).isEqualTo((int) gone).isPositive();
    assertThat(lost).containsExactly("b: EIO");
    assertThat(set.scan(0, 1000)).hasSize(MANY - missing);
    assertThat(set.usage().blocks()).isEqualTo(MANY - missing);
    assertThat(set.reports()).extracting(DiskSet.Report::directory).hasSize(2);
    // What comes back finds a place on the others.
    putMany();
    assertThat(set.scan(0, 1000)).hasSize(MANY);
  }

  @Test
  void aDiskThatFailsInAScanOrADeleteIsTakenOut() throws Exception {
    putMany();
    disks.get("a").breakDown();
    assertThat(set.scan(0, 1000)).hasSizeLessThan(MANY).isNotEmpty();
    assertThat(lost).containsExactly("a: EIO");
    disks.get("c").breakWrites();
    set.delete(List.of(new BlockId(1)));
    assertThat(lost).containsExactly("a: EIO", "c: EIO");
  }

  @Test
  void aPutGoesOnToTheNextDiskWhenOneFails() throws Exception {
    disks.get("a").breakWrites();
    disks.get("c").fill(true);
    putMany();
    assertThat(lost).containsExactly("a: EIO");
    assertThat(blocks("b")).isEqualTo(MANY);
    for (int i = 1; i <= MANY; i++) {
      assertWhole(i);
    }
  }

  @Test
  void theLastDiskIsKept() throws Exception {
    disks.get("a").breakDown();
    disks.get("b").breakDown();
    putMany();
    disks.get("c").breakWrites();
    assertThatThrownBy(() -> put(set, 1000)).hasRootCauseMessage("EIO");
    assertThat(lost).hasSize(2);
    assertThat(set.reports()).extracting(DiskSet.Report::trouble).containsExactly("EIO");
    assertWhole(5);
  }

  /** It is of no use, but only who runs the node can make it anew. */
  @Test
  void whoRunsTheNodeIsToldThatTheLastDisksTablesAreDamaged() throws Exception {
    List<String> told = new ArrayList<>();
    set.onLost(
        new DiskSet.Listener() {
          @Override
          public void lost(Path directory, String trouble) {
            told.add(directory.getFileName() + " is lost");
          }

          @Override
          public void lastIsDamaged(String trouble) {
            told.add(trouble);
          }
        });
    putMany();
    for (String name : List.of("a", "b", "c")) {
      disks.get(name).failDeletes(new StoreDamagedException(name + " is damaged", null));
      assertThat(told).hasSize(name.equals("a") ? 0 : name.equals("b") ? 1 : 2);
      try {
        set.delete(List.of(new BlockId(1)));
      } catch (StoreDamagedException e) {
        assertThat(name).isEqualTo("c");
      }
    }
    assertThat(told).containsExactly("a is lost", "b is lost", "c is damaged");
  }

  @Test
  void aPutThatIsTakenBackIsTakenBackFromTheDisk() throws Exception {
    ByteBuffer bytes = bytes(1);
    CompletableFuture<Void> put = set.put(SESSION, new BlockId(1), bytes, Checksums.crc32c(bytes));
    put.cancel(false);
    // Taken back or stored, but no reason to give up a disk.
    put(set, 2);
    assertThat(lost).isEmpty();
  }

  @Test
  void aRemovedDiskLeavesItsBlocksToTheOthersWhileTheyAreRead() throws Exception {
    putMany();
    AtomicBoolean stop = new AtomicBoolean();
    List<Throwable> failures = new ArrayList<>();
    Thread reader =
        new Thread(
            () -> {
              Random random = new Random(1);
              try {
                while (!stop.get()) {
                  assertWhole(1 + random.nextInt(MANY));
                }
              } catch (IOException | RuntimeException | AssertionError e) {
                failures.add(e);
              }
            });
    reader.start();
    long moved = blocks("b");
    assertThat(set.remove(root.resolve("b"), (done, bytes) -> {})).isZero();
    stop.set(true);
    reader.join();
    assertThat(failures).isEmpty();
    assertThat(moved).isPositive();
    assertThat(blocks("a") + blocks("c")).isEqualTo(MANY);
    assertThat(lost).isEmpty();
    try (BreakableBlocks empty = disks.open(root, "b")) {
      assertThat(empty.scan(0, 10)).isEmpty();
    }
    for (int i = 1; i <= MANY; i++) {
      assertWhole(i);
      assertThat(set.find(new BlockId(i)))
          .isEqualTo(new LocalBlock(new BlockId(i), SESSION, LENGTH, Checksums.crc32c(bytes(i))));
    }
  }

  @Test
  void aBlockThatMovesBehindTheBackOfALookIsFound() throws Exception {
    disks.get("a").fill(true);
    disks.get("c").fill(true);
    putMany();
    disks.get("a").fill(false);
    disks.get("c").fill(false);
    AtomicBoolean moved = new AtomicBoolean();
    disks.get("a").onNextMiss(() -> moved.set(isRemoved("b")));
    for (int i = 1; i <= MANY; i++) {
      assertThat(set.contains(new BlockId(i))).as("block %s", i).isTrue();
    }
    assertThat(moved).isTrue();
    assertThat(blocks("a") + blocks("c")).isEqualTo(MANY);
  }

  private boolean isRemoved(String disk) {
    try {
      return set.remove(root.resolve(disk), (blocks, bytes) -> {}) == 0;
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aDiskStaysWhenTheOthersAreFull() throws Exception {
    putMany();
    disks.get("a").fill(true);
    disks.get("c").fill(true);
    assertThatIOException()
        .isThrownBy(() -> set.remove(root.resolve("b"), (moved, bytes) -> {}))
        .withMessageContaining("full");
    for (int i = 1; i <= MANY; i++) {
      assertWhole(i);
    }
    put(set, 1000);
    assertWhole(1000);
  }

  @Test
  void theLastDiskAndStrangersCannotBeRemoved() throws Exception {
    assertThatIOException()
        .isThrownBy(() -> set.remove(root.resolve("d"), (moved, bytes) -> {}))
        .withMessage("it is not in use");
    set.remove(root.resolve("a"), (moved, bytes) -> {});
    set.remove(root.resolve("b"), (moved, bytes) -> {});
    assertThatIOException()
        .isThrownBy(() -> set.remove(root.resolve("c"), (moved, bytes) -> {}))
        .withMessage("it is the last disk in use");
  }

  @Test
  void aDiskStaysWhenTheOthersFailWhileItLeaves() throws Exception {
    set.remove(root.resolve("c"), (moved, bytes) -> {});
    putMany();
    long there = blocks("b");
    assertThatIOException()
        .isThrownBy(
            () ->
                set.remove(
                    root.resolve("b"),
                    (moved, bytes) -> {
                      if (moved == there) {
                        disks.get("a").breakDown();
                        assertThat(set.scan(0, 1)).isEmpty();
                      }
                    }))
        .withMessage("it is the last disk in use");
    assertThat(lost).containsExactly("a: EIO");
    assertThat(set.reports()).extracting(DiskSet.Report::leaving).containsExactly(false);
    put(set, 1000);
    assertWhole(1000);
  }

  @Test
  void aDiskThatComesBackGivesUpWhatOthersHaveMeanwhile() throws Exception {
    putMany();
    long before = blocks("b");
    disks.get("b").breakDown();
    set.scan(0, 1);
    assertThat(lost).hasSize(1);
    // Half of them were fetched meanwhile, and one was deleted.
    for (int i = 1; i <= MANY / 2; i++) {
      put(set, i);
    }
    set.forget(root.resolve("b"));
    BreakableBlocks back = disks.open(root, "b");
    set.add(root.resolve("b"), back);
    assertThat(set.usage().blocks()).isEqualTo(MANY);
    assertThat(back.usage().blocks()).isBetween(1L, before - 1);
    assertThat(set.scan(0, 1000)).hasSize(MANY);
    assertThat(set.scan(50, 3))
        .extracting(each -> each.block().value())
        .containsExactly(51L, 52L, 53L);
  }

  @Test
  void aFullDiskThatCannotDeleteStaysInUseAndTheOthersDelete() throws Exception {
    putMany();
    List<BlockId> all = new ArrayList<>();
    for (int i = 1; i <= MANY; i++) {
      all.add(new BlockId(i));
    }
    for (IOException harmless :
        List.of(new StoreFullException("full"), new InterruptedIOException("interrupted"))) {
      disks.get("a").failDeletes(harmless);
      assertThatThrownBy(() -> set.delete(all)).isSameAs(harmless);
      assertThat(lost).isEmpty();
    }
    assertThat(blocks("a")).isPositive();
    assertThat(blocks("b") + blocks("c")).isZero();
  }

  @Test
  void aBlockThatMovesWhenItsDiskLeavesForGoodIsFound() throws Exception {
    disks.get("a").fill(true);
    disks.get("c").fill(true);
    putMany();
    disks.get("a").fill(false);
    disks.get("c").fill(false);
    CountDownLatch looking = new CountDownLatch(1);
    CountDownLatch gone = new CountDownLatch(1);
    CompletableFuture<Integer> found = new CompletableFuture<>();
    // The disk is leaving and nothing has moved yet when the look begins; it is gone when it ends.
    Runnable look =
        () -> {
          disks
              .get("a")
              .onNextMiss(
                  () -> {
                    looking.countDown();
                    await(gone);
                  });
          found.completeAsync(() -> countFound());
          await(looking);
        };
    disks.get("a").onNextMiss(look);
    assertThat(isRemoved("b")).isTrue();
    gone.countDown();
    assertThat(found.get(60, TimeUnit.SECONDS)).isEqualTo(MANY);
  }

  private int countFound() {
    int count = 0;
    try {
      for (int i = 1; i <= MANY; i++) {
        count += set.contains(new BlockId(i)) ? 1 : 0;
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return count;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Every block on each of the disks. */
  private void putOnAll(String... names) throws Exception {
    for (String name : names) {
      for (int i = 1; i <= MANY; i++) {
        put(disks.get(name), i);
      }
    }
  }

  @Test
  void ofTwoCopiesTheGoodOneIsRead() throws Exception {
    putOnAll("a", "b");
    for (int i = 1; i <= MANY; i++) {
      disks.get(i % 2 == 0 ? "a" : "b").damage(new BlockId(i));
      assertWhole(i);
    }
    disks.get("b").damage(new BlockId(2));
    assertThatThrownBy(() -> assertWhole(2)).isInstanceOf(BlockCorruptException.class);
    assertThat(lost).isEmpty();
  }

  @Test
  void aDiskThatLeavesTakesNoGoodCopyWithItThoughAnotherDiskHasABadOne() throws Exception {
    putOnAll("a", "b");
    for (int i = 1; i <= 20; i++) {
      disks.get("a").damage(new BlockId(i));
    }
    assertThat(set.remove(root.resolve("b"), (moved, bytes) -> {})).isZero();
    for (int i = 1; i <= MANY; i++) {
      assertWhole(i);
    }
  }

  @Test
  void aDiskThatComesBackKeepsWhatIsBadElsewhere() throws Exception {
    putMany();
    BreakableBlocks back = disks.open(root, "d");
    for (int i = 1; i <= MANY; i++) {
      put(back, i);
    }
    for (String name : List.of("a", "b", "c")) {
      for (int i = 1; i <= 20; i++) {
        disks.get(name).damage(new BlockId(i));
      }
    }
    set.add(root.resolve("d"), back);
    assertThat(back.usage().blocks()).isEqualTo(20);
    for (int i = 1; i <= MANY; i++) {
      assertWhole(i);
    }
  }

  @Test
  void theFirstOfTheOrderIsFoundWithoutTheOrder() {
    List<Disk> some = new ArrayList<>();
    for (String name : List.of("a", "b", "c")) {
      some.add(new Disk(root.resolve(name), disks.get(name)));
    }
    disks.get("b").free(3L << 30);
    Spread spread = Spread.of(some);
    for (int i = 1; i <= 1_000; i++) {
      assertThat(spread.first(new BlockId(i))).isSameAs(spread.order(new BlockId(i)).get(0));
    }
  }

  @Test
  void whoLooksAtTheDisksHasThemWeighedAgainNowAndThen() throws Exception {
    set.close();
    ManualClock clock = new ManualClock();
    set = disks.set(clock, root, "a", "b");
    disks.get("a").free(1);
    disks.get("b").free(Long.MAX_VALUE);
    putMany();
    assertThat(blocks("a")).isPositive();
    long before = blocks("a");
    clock.advance(Duration.ofMinutes(2));
    assertThat(set.reports()).hasSize(2);
    for (int i = MANY + 1; i <= 2 * MANY; i++) {
      put(set, i);
    }
    assertThat(blocks("a")).isEqualTo(before);
  }

  @Test
  void noLockIsHeldWhileADiskIsAskedForItsSpace() throws Exception {
    BreakableBlocks more = disks.open(root, "d");
    List<Boolean> held = new ArrayList<>();
    more.onUsage(() -> held.add(Thread.holdsLock(set)));
    set.add(root.resolve("d"), more);
    assertThat(held).isNotEmpty().doesNotContain(true);
  }
}
