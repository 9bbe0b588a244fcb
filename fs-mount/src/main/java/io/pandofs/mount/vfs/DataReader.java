package io.pandofs.mount.vfs;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Extent;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads file data: extents as a view shows them, holes as zeros, and this mount's uncommitted bytes
 * over both.
 *
 * <p>The uncommitted bytes are copied first and the view is taken after them: a batch that is
 * committed in between is then seen twice rather than not at all. If the shape changed in between,
 * the two would not fit and the read begins again; the last attempt keeps such changes out.
 */
final class DataReader {

  private static final Logger LOG = LoggerFactory.getLogger(DataReader.class);

  private static final int ATTEMPTS_MAX = 4;
  private static final int AGAIN = -1;
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(64 << 10).asReadOnlyBuffer();

  private final Sessions sessions;
  private final Coherence coherence;
  private final PieceCache cache;
  private final Executor ahead;

  /**
   * @param ahead reads ahead, unless it is busy: then it takes no notice of it
   */
  DataReader(Sessions sessions, Coherence coherence, PieceCache cache, Executor ahead) {
    this.sessions = sessions;
    this.coherence = coherence;
    this.cache = cache;
    this.ahead = ahead;
  }

  /**
   * What a view showed of the range.
   *
   * @param extents committed ones, and those further ahead
   * @param inline the bytes of their blocks that are in the tables
   */
  private record Found(
      long size, List<Extent> extents, Map<BlockId, byte[]> inline, long aheadFrom, long aheadTo) {
    static Found nothing(long size) {
      return new Found(size, List.of(), Map.of(), 0, 0);
    }
  }

  /**
   * Reads {@code into.remaining()} bytes or to the end of the file.
   *
   * @param seen told the committed attributes if they had to be looked up
   * @return bytes read; 0 at or after the end
   */
  int read(
      OpenFile file, ReadPattern pattern, long offset, ByteBuffer into, Consumer<Attributes> seen)
      throws ErrnoException {
    long end =
        offset > Long.MAX_VALUE - into.remaining() ? Long.MAX_VALUE : offset + into.remaining();
    long aheadTo = pattern.next(offset, end);
    return coherence.retry(() -> look(file, offset, end, aheadTo, into, seen));
  }

  private int look(
      OpenFile file,
      long offset,
      long end,
      long aheadTo,
      ByteBuffer into,
      Consumer<Attributes> seen)
      throws ErrnoException {
    int count = AGAIN;
    for (int attempt = 1; attempt < ATTEMPTS_MAX && count == AGAIN; attempt++) {
      try {
        count = attempt(file, offset, end, aheadTo, into, seen);
      } catch (IOException e) {
        // The block may have been replaced and collected since the view was taken.
        LOG.debug("reading {} at {} once more: {}", file.inode(), offset, e.toString());
      }
    }
    while (count == AGAIN) {
      // A lease that is given back changes the shape too, without the lock.
      count = lastAttempt(file, offset, end, aheadTo, into, seen);
    }
    return count;
  }

  private int lastAttempt(
      OpenFile file,
      long offset,
      long end,
      long aheadTo,
      ByteBuffer into,
      Consumer<Attributes> seen)
      throws ErrnoException {
    Lock unchanging = file.shape().readLock();
    coherence.lock(unchanging, coherence.deadline());
    try {
      return attempt(file, offset, end, aheadTo, into, seen);
    } catch (IOException e) {
      LOG.warn("cannot read {} at {}: {}", file.inode(), offset, e.toString());
      throw new ErrnoException(Errno.EIO, "cannot read block");
    } finally {
      unchanging.unlock();
    }
  }

  /** Bytes read, or {@link #AGAIN} if the shape changed meanwhile. */
  private int attempt(
      OpenFile file,
      long offset,
      long end,
      long aheadTo,
      ByteBuffer into,
      Consumer<Attributes> seen)
      throws ErrnoException, IOException {
    MetadataSession session = sessions.present();
    ByteBuffer target = into.slice();
    Gaps gaps = new Gaps(offset, end);
    OpenFile.Overlay overlay = file.overlay(gaps, target);
    Found found = find(session, file, gaps, overlay, aheadTo, seen);
    if (!file.isShape(overlay.shapeChanges())) {
      return AGAIN;
    }
    if (found.size <= offset) {
      return 0;
    }
    gaps.cutAt(found.size);
    fill(gaps, found, target);
    if (found.aheadTo > found.aheadFrom) {
      // What may be in the tables is left out: to look would cost what it saves.
      List<Extent> next = found.extents.stream().filter(extent -> !maybeInline(extent)).toList();
      ahead.execute(() -> prefetch(next, found.aheadFrom, found.aheadTo));
    }
    int count = (int) (Math.min(end, found.size) - offset);
    into.position(into.position() + count);
    return count;
  }

  private Found find(
      MetadataSession session,
      OpenFile file,
      Gaps gaps,
      OpenFile.Overlay overlay,
      long aheadTo,
      Consumer<Attributes> seen)
      throws ErrnoException {
    if (gaps.isEmpty() && session.surelyLives()) {
      // All of it was written here under a lease that is still good.
      return Found.nothing(Math.max(overlay.end(), gaps.to()));
    }
    try (MetadataView view = sessions.view()) {
      Attributes attributes = view.attributes(file.inode());
      seen.accept(attributes);
      long size = Math.max(attributes.sizeBytes(), overlay.end());
      long to = Math.min(size, Math.max(aheadTo, gaps.to()));
      if (size <= gaps.from() || to <= gaps.from()) {
        return Found.nothing(size);
      }
      List<Extent> extents = view.extents(file.inode(), gaps.from(), to);
      return new Found(size, extents, inline(view, extents, gaps.to()), gaps.to(), to);
    }
  }

  private static Map<BlockId, byte[]> inline(MetadataView view, List<Extent> extents, long end) {
    Map<BlockId, byte[]> found = new HashMap<>();
    for (Extent extent : extents) {
      if (extent.offset() < end && maybeInline(extent) && !found.containsKey(extent.block())) {
        byte[] bytes = view.inline(extent.block());
        if (bytes != null) {
          found.put(extent.block(), bytes);
        }
      }
    }
    return found;
  }

  /** Most blocks are larger than those that are in the tables. */
  private static boolean maybeInline(Extent extent) {
    return extent.blockOffset() + extent.length() <= InlineBlock.BYTES_MAX;
  }

  /** A piece that a read waits for and where its bytes go. */
  private record Part(PieceCache.Piece piece, int start, int end, int index) {}

  private void fill(Gaps gaps, Found found, ByteBuffer target) throws IOException {
    List<Part> parts = new ArrayList<>();
    try {
      for (Gaps.Gap gap : gaps.list()) {
        long at = gap.from();
        for (Extent extent : found.extents) {
          long from = Math.max(gap.from(), extent.offset());
          long to = Math.min(gap.to(), extent.end());
          if (from < to) {
            zero(target, (int) (at - gaps.from()), (int) (from - at));
            int index = (int) (from - gaps.from());
            byte[] bytes = found.inline.get(extent.block());
            if (bytes == null) {
              pin(extent, from, to, index, parts);
            } else {
              int start = (int) (extent.blockOffset() + (from - extent.offset()));
              target.put(index, bytes, start, (int) (to - from));
            }
            at = to;
          }
        }
        zero(target, (int) (at - gaps.from()), (int) (gap.to() - at));
      }
      for (Part part : parts) {
        part.piece.copy(part.start, part.end, target, part.index);
      }
    } finally {
      for (Part part : parts) {
        cache.unpin(part.piece);
      }
    }
  }

  private void pin(Extent extent, long from, long to, int index, List<Part> parts) {
    int knownFrom = extent.blockOffset();
    int knownTo = (int) (extent.blockOffset() + extent.length());
    int at = (int) (extent.blockOffset() + (from - extent.offset()));
    int end = (int) (extent.blockOffset() + (to - extent.offset()));
    int target = index;
    while (at < end) {
      int stop = Math.min(end, (PieceCache.pieceOf(at) + 1) * PieceCache.PIECE_BYTES);
      parts.add(
          new Part(cache.pin(extent.block(), at, stop, knownFrom, knownTo), at, stop, target));
      target += stop - at;
      at = stop;
    }
  }

  private void prefetch(List<Extent> extents, long aheadFrom, long aheadTo) {
    for (Extent extent : extents) {
      long from = Math.max(aheadFrom, extent.offset());
      long to = Math.min(aheadTo, extent.end());
      for (long at = from; at < to && cache.mayReadAhead(); at += PieceCache.PIECE_BYTES) {
        List<Part> parts = new ArrayList<>();
        pin(extent, at, Math.min(to, at + PieceCache.PIECE_BYTES), 0, parts);
        for (Part part : parts) {
          cache.unpin(part.piece);
        }
      }
    }
  }

  private static void zero(ByteBuffer target, int index, int count) {
    int at = index;
    int left = count;
    while (left > 0) {
      int step = Math.min(left, ZEROS.capacity());
      target.put(at, ZEROS, 0, step);
      at += step;
      left -= step;
    }
  }
}
