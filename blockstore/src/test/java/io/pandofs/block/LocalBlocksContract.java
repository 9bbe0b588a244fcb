package io.pandofs.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link LocalBlocks} keeps to. Implementations say how to make and reopen one. */
public abstract class LocalBlocksContract {
  protected static final SessionId SESSION = new SessionId(7);
  private static final int PIECE = 64 << 10;
  private static final int MAX = 4 << 20;

  private LocalBlocks blocks;

  /** A new, empty store. */
  protected abstract LocalBlocks make() throws Exception;

  /** The same store after a stop and a start; or itself, if it forgets. */
  protected abstract LocalBlocks reopen(LocalBlocks blocks) throws Exception;

  @BeforeEach
  void makeStore() throws Exception {
    blocks = make();
  }

  @AfterEach
  void closeStore() {
    blocks.close();
  }

  /** Bytes that are the block's own. */
  protected static ByteBuffer bytes(long block, int length) {
    byte[] bytes = new byte[length];
    new Random(block).nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private CompletableFuture<Void> start(long block, int length) {
    ByteBuffer bytes = bytes(block, length);
    return blocks.put(SESSION, new BlockId(block), bytes, Checksums.crc32c(bytes));
  }

  private void put(long block, int length) throws Exception {
    start(block, length).get(60, TimeUnit.SECONDS);
  }

  private void assertWhole(long block, int length) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(length);
    blocks.read(new BlockId(block), 0, into);
    assertThat(into.flip()).isEqualTo(bytes(block, length));
  }

  private void assertFails(CompletableFuture<Void> put, Class<? extends IOException> type) {
    assertThatThrownBy(() -> put.get(60, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(type);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4096, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 1 << 20, MAX - 1, MAX})
  void givesBackWhatWasPutAlsoAfterAReopen(int length) throws Exception {
    put(300, length);
    assertWhole(300, length);
    blocks = reopen(blocks);
    assertWhole(300, length);
    assertThat(blocks.find(new BlockId(300)))
        .isEqualTo(
            new LocalBlock(
                new BlockId(300), SESSION, length, Checksums.crc32c(bytes(300, length))));
  }

  @ParameterizedTest
  @ValueSource(ints = {100_000, MAX})
  void readsAnyRange(int length) throws Exception {
    put(5, length);
    Random random = new Random(42);
    ByteBuffer all = bytes(5, length);
    for (int i = 0; i < 200; i++) {
      int from = random.nextInt(length);
      int count = 1 + random.nextInt(i % 2 == 0 ? length - from : Math.min(length - from, 70_000));
      ByteBuffer into =
          i % 3 == 0 ? ByteBuffer.allocateDirect(count + 3) : ByteBuffer.allocate(count + 3);
      into.position(2).limit(2 + count);
      blocks.read(new BlockId(5), from, into);
      assertThat(into.hasRemaining()).isFalse();
      assertThat(into.position(2)).isEqualTo(all.slice(from, count));
    }
  }

  @Test
  void readsNothingAtTheEnd() throws Exception {
    put(5, 10);
    blocks.read(new BlockId(5), 10, ByteBuffer.allocate(0));
  }

  @Test
  void refusesARangeThatIsNotWithinTheBlock() throws Exception {
    put(5, 1000);
    BlockId block = new BlockId(5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> blocks.read(block, 1, ByteBuffer.allocate(1000)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> blocks.read(block, -1, ByteBuffer.allocate(10)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> blocks.read(block, Integer.MAX_VALUE, ByteBuffer.allocate(10)));
  }

  @Test
  void takesDirectBuffersAndPartsOfBuffers() throws Exception {
    ByteBuffer bytes = bytes(9, 200_000);
    ByteBuffer direct = ByteBuffer.allocateDirect(200_010).position(10).put(bytes).position(10);
    blocks
        .put(SESSION, new BlockId(9), direct, Checksums.crc32c(bytes(9, 200_000)))
        .get(60, TimeUnit.SECONDS);
    assertThat(direct.position()).isEqualTo(10);
    assertWhole(9, 200_000);
  }

  @Test
  void saysThatABlockIsMissing() throws Exception {
    BlockId block = new BlockId(77);
    assertThat(blocks.find(block)).isNull();
    assertThat(blocks.contains(block)).isFalse();
    assertThatThrownBy(() -> blocks.read(block, 0, ByteBuffer.allocate(1)))
        .isInstanceOf(BlockMissingException.class);
  }

  @Test
  void acceptsTheSameBlockTwiceAndKeepsTheFirstSession() throws Exception {
    put(5, 5000);
    ByteBuffer bytes = bytes(5, 5000);
    blocks
        .put(new SessionId(8), new BlockId(5), bytes, Checksums.crc32c(bytes))
        .get(60, TimeUnit.SECONDS);
    assertThat(blocks.find(new BlockId(5)))
        .isEqualTo(new LocalBlock(new BlockId(5), SESSION, 5000, Checksums.crc32c(bytes)));
    assertThat(blocks.usage().blocks()).isEqualTo(1);
    assertThat(blocks.usage().usedBytes()).isEqualTo(5000);
  }

  @Test
  void acceptsTheSameBlockTwiceAtOnce() throws Exception {
    CompletableFuture<Void> before = start(4, MAX); // While it is written, the others queue up.
    CompletableFuture<Void> first = start(5, 300_000);
    CompletableFuture<Void> second = start(5, 300_000);
    before.get(60, TimeUnit.SECONDS);
    first.get(60, TimeUnit.SECONDS);
    second.get(60, TimeUnit.SECONDS);
    assertThat(blocks.usage().usedBytes()).isEqualTo(MAX + 300_000);
  }

  @Test
  void refusesAnotherBlockUnderTheSameNumber() throws Exception {
    put(5, 5000);
    ByteBuffer shorter = bytes(5, 4999);
    assertFails(
        blocks.put(SESSION, new BlockId(5), shorter, Checksums.crc32c(shorter)),
        BlockConflictException.class);
    ByteBuffer other = bytes(6, 5000);
    assertFails(
        blocks.put(SESSION, new BlockId(5), other, Checksums.crc32c(other)),
        BlockConflictException.class);
    assertWhole(5, 5000);
  }

  @Test
  void refusesABlockThatIsEmptyOrTooLong() {
    for (int length : new int[] {0, MAX + 1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> blocks.put(SESSION, new BlockId(5), ByteBuffer.allocate(length), 0));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3000, 2 << 20})
  void deletesWhatIsThereAndIgnoresTheRest(int length) throws Exception {
    put(1, length);
    put(2, length);
    put(3, length);
    blocks.delete(List.of(new BlockId(1), new BlockId(3), new BlockId(99), new BlockId(1)));
    blocks = reopen(blocks);
    assertThat(blocks.contains(new BlockId(1))).isFalse();
    assertThat(blocks.contains(new BlockId(3))).isFalse();
    assertThat(blocks.usage().blocks()).isEqualTo(1);
    assertThat(blocks.usage().usedBytes()).isEqualTo(length);
    assertWhole(2, length);
  }

  @Test
  void takesADeletedBlockAgain() throws Exception {
    for (int length : new int[] {3000, 2 << 20, 3000}) {
      put(1, length);
      assertWhole(1, length);
      blocks.delete(List.of(new BlockId(1)));
      assertThat(blocks.contains(new BlockId(1))).isFalse();
    }
  }

  @Test
  void scansInOrderFromAnywhere() throws Exception {
    List<CompletableFuture<Void>> puts = new ArrayList<>();
    List<Long> numbers = List.of(900L, 3L, Long.MAX_VALUE, 256L, 255L, 1L << 40);
    for (long number : numbers) {
      puts.add(start(number, 1 + (int) (number % 300_000)));
    }
    for (CompletableFuture<Void> put : puts) {
      put.get(60, TimeUnit.SECONDS);
    }
    blocks = reopen(blocks);
    assertThat(numbersAfter(0, 100))
        .containsExactly(3L, 255L, 256L, 900L, 1L << 40, Long.MAX_VALUE);
    assertThat(numbersAfter(3, 2)).containsExactly(255L, 256L);
    assertThat(numbersAfter(257, 2)).containsExactly(900L, 1L << 40);
    assertThat(numbersAfter(1L << 40, 5)).containsExactly(Long.MAX_VALUE);
    assertThat(numbersAfter(Long.MAX_VALUE, 5)).isEmpty();
    assertThat(numbersAfter(0, 0)).isEmpty();
  }

  private List<Long> numbersAfter(long after, int limit) throws IOException {
    return blocks.scan(after, limit).stream().map(b -> b.block().value()).toList();
  }

  @Test
  void failsInsteadOfWorkingAfterClose() throws Exception {
    put(5, 5000);
    blocks.close();
    blocks.close();
    assertThatThrownBy(() -> blocks.read(new BlockId(5), 0, ByteBuffer.allocate(1)))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> blocks.find(new BlockId(5))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> blocks.scan(0, 1)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> blocks.delete(List.of(new BlockId(5))))
        .isInstanceOf(IOException.class);
    assertFails(start(6, 10), IOException.class);
  }

  @Test
  void closeFinishesWhatWasPut() throws Exception {
    List<CompletableFuture<Void>> puts = new ArrayList<>();
    for (int i = 1; i <= 50; i++) {
      puts.add(start(i, i * 10_000));
    }
    blocks = reopen(blocks);
    for (int i = 1; i <= 50; i++) {
      puts.get(i - 1).get(60, TimeUnit.SECONDS);
      assertWhole(i, i * 10_000);
    }
  }
}
