package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.pandofs.block.BlockRow;
import io.pandofs.block.replication.ForegroundReads;
import io.pandofs.block.replication.Pace;
import io.pandofs.common.BlockId;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.DirectoryEntry;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.VolumeStats;
import io.pandofs.tools.admin.AdminCommand.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A check of one file, whose blocks are all bad. */
@Timeout(60)
final class PathScrubTest {
  private static final int BLOCK = 100;
  private static final long FAR = Long.MAX_VALUE - BLOCK;

  private final Clock clock = new SystemClock();
  private final List<BlockId> handedIn = new ArrayList<>();
  private int looks;
  private int swampedLooks;
  private boolean forgetful;

  private Map<String, @Nullable Object> run(Progress progress) throws Exception {
    Pace pace = new Pace(1L << 40, new ForegroundReads(), clock.nanoTime());
    return new PathScrub(GiantFile::new, new BadCopies(), pace, clock, progress).run("");
  }

  @Test
  void theBlocksOfAGiantFileOfHolesAreFoundInAFewLooks() throws Exception {
    assertThat(run(said -> {})).containsEntry("blocks", 2L).containsEntry("faults", 2L);
    assertThat(handedIn).containsExactly(new BlockId(1), new BlockId(2));
  }

  @Test
  void noFaultIsToldWhenRepairWouldForgetIt() throws Exception {
    swampedLooks = 3;
    assertThat(run(said -> {})).containsEntry("faults", 2L);
    assertThat(forgetful).isFalse();
    assertThat(handedIn).hasSize(2);
  }

  @Test
  void itEndsWhenNobodyListensAnyMoreThoughNothingIsNew() {
    swampedLooks = Integer.MAX_VALUE;
    assertThatIOException()
        .isThrownBy(
            () ->
                run(
                    said -> {
                      throw new IOException("gone");
                    }))
        .withMessage("gone");
  }

  /** Swamped for some looks; what it is told then, it forgets. */
  private final class BadCopies implements PathScrub.Copies {
    @Override
    public BlockRow row(BlockId block) {
      return new BlockRow(block, BLOCK, 0);
    }

    @Override
    public boolean isMine(BlockId block) {
      return true;
    }

    @Override
    public boolean isFaulty(BlockRow row) {
      forgetful |= swampedLooks > 0;
      handedIn.add(row.block());
      return true;
    }

    @Override
    public boolean isSwamped() {
      swampedLooks -= swampedLooks > 0 ? 1 : 0;
      return swampedLooks > 0;
    }
  }

  /** The root is a file of the greatest length with a block at each end. */
  private final class GiantFile implements MetadataView {
    @Override
    public Attributes attributes(InodeId inode) {
      Timestamp time = new Timestamp(0, 0);
      return new Attributes(
          inode,
          FileType.REGULAR,
          0,
          0,
          0,
          1,
          Long.MAX_VALUE,
          2 * BLOCK,
          0,
          time,
          time,
          time,
          time,
          null);
    }

    @Override
    public byte @Nullable [] inline(BlockId block) {
      return null;
    }

    @Override
    public List<Extent> extents(InodeId inode, long from, long to) {
      assertThat(++looks).isLessThan(100);
      List<Extent> found = new ArrayList<>();
      for (Extent extent :
          List.of(
              new Extent(0, BLOCK, new BlockId(1), 0), new Extent(FAR, BLOCK, new BlockId(2), 0))) {
        if (extent.offset() < to && extent.end() > from) {
          found.add(extent);
        }
      }
      return found;
    }

    @Override
    public long index() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Attributes lookup(InodeId parent, FileName name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public InodeId parent(InodeId directory) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<DirectoryEntry> readDirectory(InodeId directory, long afterCookie, int limit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public byte[] readLink(InodeId inode) {
      throw new UnsupportedOperationException();
    }

    @Override
    public byte[] xattr(InodeId inode, byte[] name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<byte[]> xattrNames(InodeId inode) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lockAgainst(InodeId inode, FileLock wanted) {
      throw new AssertionError("not looked at");
    }

    @Override
    public VolumeStats stats() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }
}
