package io.pandofs.mount.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.block.Blocks;
import io.pandofs.block.StoredBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.mount.vfs.OpenFlags;
import io.pandofs.mount.vfs.TestClock;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class InlineMoverTest {
  private static final int PAGE = 4096;
  private static final InlineMover.Limits LIMITS = new InlineMover.Limits(100 * PAGE, 50 * PAGE);

  private final Volume volume = new Volume();
  private final Vfs writer = volume.mount();
  private final TestClock clock = new TestClock();
  private final List<MetadataSession> sessions = new ArrayList<>();
  private final List<byte[]> written = new ArrayList<>();
  private boolean ours = true;

  /** Blocks that too few nodes take. */
  private Predicate<BlockId> refused = block -> false;

  /** Is run when a copy is on the disks, before the log is told. */
  private Runnable onPut = () -> {};

  private final InlineMover mover =
      new InlineMover(
          volume.tree().inlineBlocks(() -> ours),
          () -> {
            MetadataSession session = volume.tree().newSession();
            sessions.add(session);
            return session;
          },
          new Watched(),
          clock,
          LIMITS);

  private final class Watched implements Blocks {
    @Override
    public CompletableFuture<StoredBlock> put(SessionId session, BlockId block, ByteBuffer bytes) {
      if (refused.test(block)) {
        return CompletableFuture.failedFuture(new IOException("planted"));
      }
      CompletableFuture<StoredBlock> put = volume.blocks().put(session, block, bytes);
      onPut.run();
      return put;
    }

    @Override
    public CompletableFuture<Void> read(BlockId block, int offset, ByteBuffer into) {
      return volume.blocks().read(block, offset, into);
    }
  }

  @BeforeEach
  void begin() {
    volume.tree().takesInline(true);
  }

  @AfterEach
  void end() {
    mover.close();
    volume.close();
  }

  /** Makes files of a page. */
  private void write(int count) throws ErrnoException {
    for (int i = 0; i < count; i++) {
      byte[] bytes = new byte[PAGE];
      new Random(written.size()).nextBytes(bytes);
      var opened =
          writer
              .files()
              .create(
                  Volume.USER,
                  InodeId.ROOT,
                  FileName.ofText("f" + written.size()),
                  CreateMode.of(0644),
                  OpenFlags.READ_WRITE);
      writer.files().write(Volume.USER, opened.handle(), 0, ByteBuffer.wrap(bytes));
      writer.files().fsync(opened.handle());
      writer.files().release(opened.handle());
      written.add(bytes);
    }
  }

  private long inline() throws ErrnoException {
    try (MetadataView view = volume.tree().view()) {
      return view.stats().inlineBytes();
    }
  }

  private void requireRight() throws ErrnoException {
    Vfs reader = volume.mount();
    for (int i = 0; i < written.size(); i++) {
      InodeId file = reader.namespace().lookup(InodeId.ROOT, FileName.ofText("f" + i)).inode();
      long handle = reader.files().open(Volume.USER, file, OpenFlags.READ_ONLY).handle();
      ByteBuffer read = ByteBuffer.allocate(PAGE + 1);
      reader.files().read(handle, 0, read);
      reader.files().release(handle);
      assertThat(Arrays.copyOf(read.array(), read.position())).isEqualTo(written.get(i));
    }
  }

  @Test
  void theOldestAreMovedWhenThereAreTooMany() throws Exception {
    write(100);
    mover.round();
    assertThat(mover.movedBlocks()).isZero();
    assertThat(sessions).isEmpty();
    write(1);
    mover.round();
    // A turn is larger than all of them.
    assertThat(inline()).isLessThanOrEqualTo(LIMITS.least());
    assertThat(mover.movedBlocks()).isEqualTo(101);
    requireRight();
  }

  @Test
  void whatIsOverwrittenMeanwhileIsNotMoved() throws Exception {
    write(101);
    boolean[] done = {false};
    onPut =
        () -> {
          if (!done[0]) {
            done[0] = true;
            overwrite(0);
          }
        };
    mover.round();
    assertThat(inline()).isEqualTo(PAGE);
    try (MetadataView view = volume.tree().view()) {
      assertThat(view.stats().storedBytes()).isEqualTo(101L * PAGE);
    }
    assertThat(volume.tree().check().examples()).isEmpty();
    requireRight();
  }

  private void overwrite(int number) {
    try {
      InodeId file = writer.namespace().lookup(InodeId.ROOT, FileName.ofText("f" + number)).inode();
      long handle = writer.files().open(Volume.USER, file, OpenFlags.READ_WRITE).handle();
      byte[] bytes = written.get(number);
      Arrays.fill(bytes, (byte) 7);
      writer.files().write(Volume.USER, handle, 0, ByteBuffer.wrap(bytes));
      writer.files().fsync(handle);
      writer.files().release(handle);
    } catch (ErrnoException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatCannotBePutStaysAndIsTriedAgain() throws Exception {
    write(120);
    boolean[] odd = {false};
    refused = block -> odd[0] = !odd[0];
    mover.round();
    assertThat(inline()).isEqualTo(60L * PAGE);
    requireRight();
    refused = block -> false;
    write(60);
    mover.round();
    assertThat(inline()).as("not before a while").isEqualTo(120L * PAGE);
    clock.pass(InlineMover.AFTER_FAULT);
    mover.round();
    assertThat(inline()).isLessThanOrEqualTo(LIMITS.least());
    requireRight();
  }

  @Test
  void aSessionThatEndsOnTheWayTakesNothingWithIt() throws Exception {
    write(120);
    onPut = () -> volume.tree().expire(sessions.get(0).id());
    mover.round();
    assertThat(inline()).isEqualTo(120L * PAGE);
    onPut = () -> {};
    clock.pass(InlineMover.AFTER_FAULT);
    mover.round();
    assertThat(sessions).hasSize(2);
    assertThat(inline()).isLessThanOrEqualTo(LIMITS.least());
    requireRight();
  }

  @Test
  void anotherNodeDoesIt() throws Exception {
    write(120);
    ours = false;
    mover.round();
    assertThat(mover.movedBlocks()).isZero();
    ours = true;
    mover.round();
    assertThat(sessions.get(0).expired()).isNotDone();
    ours = false;
    mover.round();
    assertThat(sessions.get(0).expired()).isDone();
  }
}
