package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.NewBlock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The buffers of one file when memory gives out. */
class OpenFileTest {

  private static final int PART = 4096;

  private final AtomicInteger allocationsLeft = new AtomicInteger();
  private final WriteBudget budget = new WriteBudget(64L << 20, new SystemClock(), bytes -> {});
  private final LostData lostData = new LostData();
  private final OpenFile file =
      new OpenFile(
          new InodeId(7),
          new FileLease(new SystemClock()),
          new BufferPool(1 << 20, this::allocate),
          budget,
          lostData);

  @BeforeEach
  void lease() {
    file.lease().ask();
    assertThat(file.lease().granted(0, 0, false)).isTrue();
  }

  private ByteBuffer allocate(int bytes) {
    if (allocationsLeft.getAndDecrement() <= 0) {
      throw new OutOfMemoryError("planted");
    }
    return ByteBuffer.allocate(bytes);
  }

  private List<OpenFile.Batch> write(ByteBuffer source) throws Exception {
    budget.acquire(source.remaining(), Duration.ofSeconds(1));
    long offset = NewBlock.BYTES_MAX - PART;
    return file.write(offset, source, Volume.USER, Timestamp.EPOCH, 0, source.remaining(), 0);
  }

  @Test
  void aBatchThatWasSealedBeforeMemoryGaveOutIsStarted() throws Exception {
    allocationsLeft.set(1);
    ByteBuffer source = ByteBuffer.allocate(2 * PART);
    List<OpenFile.Batch> ready = new ArrayList<>();
    assertThatCode(() -> ready.addAll(write(source))).doesNotThrowAnyException();
    assertThat(ready).hasSize(1);
    assertThat(source.remaining()).isEqualTo(PART);
    file.settle(ready.get(0), null);
    assertThat(file.tail()).isDone();
    assertThat(budget.used()).isZero();
  }

  @Test
  void aWriteThatFoundNoMemoryAtAllFailsAndTakesNothing() {
    assertThatThrownBy(() -> write(ByteBuffer.allocate(PART))).isInstanceOf(OutOfMemoryError.class);
    assertThat(file.isDirty()).isFalse();
    assertThat(budget.used()).isZero();
    assertThat(budget.unsealed()).isZero();
  }

  @Test
  void nothingIsTakenBehindALossThatTheWriterDoesNotKnow() throws Exception {
    allocationsLeft.set(1);
    lostData.lost(file.inode(), Errno.ENOSPC);
    assertFails(Errno.ENOSPC, () -> write(ByteBuffer.allocate(PART)));
    assertThat(file.isDirty()).isFalse();
    assertThat(budget.used()).isZero();
  }

  @Test
  void theSumOfWhatIsUnsealedIsRightHoweverItIsSealedOrLost() throws Exception {
    allocationsLeft.set(Integer.MAX_VALUE);
    List<OpenFile.Batch> batches = new ArrayList<>(write(ByteBuffer.allocate(2 * PART)));
    assertThat(batches).hasSize(1);
    assertUnsealed();
    assertThat(budget.unsealed()).isPositive();
    batches.add(file.seal());
    assertThat(budget.unsealed()).isZero();
    batches.addAll(write(ByteBuffer.allocate(2 * PART)));
    assertUnsealed();
    file.settle(batches.get(0), Errno.EIO);
    assertThat(budget.unsealed()).isZero();
    allocationsLeft.set(1);
    batches.forEach(batch -> file.settle(batch, null));
    assertThat(budget.unsealed()).isZero();
  }

  private void assertUnsealed() {
    assertThat(budget.unsealed()).isEqualTo(file.unsealedBytes());
  }
}
