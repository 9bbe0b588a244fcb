package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.InodeId;
import io.pandofs.meta.CompactableFiles.Step;
import io.pandofs.meta.Extent;
import io.pandofs.meta.NewBlock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which bytes of a part of a file are worth being stored anew: those in thin blocks, most of whose
 * bytes nobody can read any more, since a block is kept as long as one byte of it is part of a
 * file; and those in long rows of small extents, as many small syncs leave them. One walk over few
 * enough extents, in which memory and time are bounded whatever the file is.
 */
public final class CompactionStep {
  /** Extents of less are small. */
  static final int SMALL_BYTES = 32 << 10;

  /** So many dead bytes are left alone: to give them back costs more. */
  static final int DEAD_BYTES_MIN = 64 << 10;

  /** The most extents that are moved at once. */
  static final int EXTENTS_MAX = 1024;

  /** The most extents that are looked at in one step. */
  static final int LOOKS_MAX = 1 << 16;

  private final ReadStore tables;
  private final Limits limits;
  private final Map<BlockId, Double> thinness = new HashMap<>();

  /** Whether somebody holds the file's lease: then extents are moved as they are, not joined. */
  private final boolean isLeased;

  private boolean isRowLeft;

  private final List<Extent> chosen = new ArrayList<>();
  private long chosenBytes;
  private double deadBytes;
  private boolean hasRow;

  /** Small extents that follow each other without a hole, as far as they have been seen. */
  private final List<Extent> row = new ArrayList<>();

  private long rowBytes;

  /**
   * When it is worth it.
   *
   * @param deadPercent a block is thin when more of it than this is dead
   * @param rowMin how many small extents are a long row
   * @param rowMeanBytesMax how long the extents of a row may be on average: what is copied for each
   *     extent that is saved
   */
  private record Limits(int deadPercent, int rowMin, int rowMeanBytesMax) {
    /** For a file that is being written: what is moved now may be dead soon. */
    static final Limits BUSY = new Limits(50, 256, 8 << 10);

    /** For a file that has come to rest. */
    static final Limits AT_REST = new Limits(12, 32, 16 << 10);
  }

  private CompactionStep(ReadStore tables, Limits limits, boolean isLeased) {
    this.tables = tables;
    this.limits = limits;
    this.isLeased = isLeased;
  }

  /** See {@link io.pandofs.meta.CompactableFiles#next}. */
  public static Step next(ReadStore tables, InodeId inode, long from, boolean atRest) {
    Limits limits = atRest ? Limits.AT_REST : Limits.BUSY;
    CompactionStep step = new CompactionStep(tables, limits, isLeased(tables, inode));
    long end = step.walk(inode, from);
    List<Extent> chosen = step.isWorthIt() ? step.chosen : List.of();
    return new Step(chosen, inline(tables, chosen), end, step.isRowLeft);
  }

  private static Map<BlockId, byte[]> inline(ReadStore tables, List<Extent> extents) {
    Map<BlockId, byte[]> found = new HashMap<>();
    for (Extent extent : extents) {
      byte[] bytes =
          found.containsKey(extent.block()) ? null : InlineScan.find(tables, extent.block());
      if (bytes != null) {
        found.put(extent.block(), bytes);
      }
    }
    return found;
  }

  private static boolean isLeased(ReadStore tables, InodeId id) {
    Inode inode = Inode.find(tables, id.value());
    return inode != null && inode.coveredBy(tables, number -> Inode.find(tables, number)) != null;
  }

  private boolean isWorthIt() {
    return hasRow || deadBytes >= DEAD_BYTES_MIN;
  }

  /** Where it ended. */
  private long walk(InodeId inode, long from) {
    byte[] last = Keys.after(inode.value());
    try (ReadStore.Cursor cursor = tables.scan(Table.EXTENTS, Keys.of(inode.value(), from), last)) {
      for (int looks = 0; cursor.next(); looks++) {
        Extent extent = Extents.decode(cursor.key(), cursor.value());
        if (!continuesRow(extent)) {
          long stop = endRow();
          if (stop >= 0) {
            return stop;
          }
        }
        if (looks >= LOOKS_MAX) {
          return row.isEmpty() ? extent.offset() : row.get(0).offset();
        }
        if (extent.length() < SMALL_BYTES) {
          row.add(extent);
          rowBytes += extent.length();
        } else if (isThin(extent) && !choose(extent)) {
          return extent.offset();
        }
      }
    }
    long stop = endRow();
    return stop >= 0 ? stop : Long.MAX_VALUE;
  }

  private boolean continuesRow(Extent extent) {
    return !row.isEmpty()
        && row.size() < EXTENTS_MAX
        && extent.length() < SMALL_BYTES
        && rowBytes + extent.length() <= NewBlock.BYTES_MAX
        && row.get(row.size() - 1).end() == extent.offset();
  }

  /** Chooses of the row what is worth it; the offset to stop at if there is no room, else -1. */
  private long endRow() {
    long stop = -1;
    boolean isLong =
        row.size() >= limits.rowMin() && rowBytes <= (long) limits.rowMeanBytesMax() * row.size();
    isRowLeft |= isLong && isLeased;
    if (isLong && !isLeased) {
      if (hasRoom(row.size(), rowBytes)) {
        row.forEach(this::choose);
        hasRow = true;
      } else {
        stop = row.get(0).offset();
      }
    } else {
      for (Extent extent : row) {
        if (stop < 0 && isThin(extent) && !choose(extent)) {
          stop = extent.offset();
        }
      }
    }
    row.clear();
    rowBytes = 0;
    return stop;
  }

  private boolean hasRoom(int extents, long bytes) {
    return chosen.size() + extents <= EXTENTS_MAX && chosenBytes + bytes <= NewBlock.BYTES_MAX;
  }

  private boolean choose(Extent extent) {
    if (!hasRoom(1, extent.length())) {
      return false;
    }
    chosen.add(extent);
    chosenBytes += extent.length();
    deadBytes += deadPerLiveByte(extent) * extent.length();
    return true;
  }

  private boolean isThin(Extent extent) {
    return deadPerLiveByte(extent) * (100 - limits.deadPercent()) > limits.deadPercent();
  }

  /** How many bytes of the extent's block are dead for each that is alive. */
  private double deadPerLiveByte(Extent extent) {
    if (extent.length() == NewBlock.BYTES_MAX) {
      return 0; // the row would say the same
    }
    return thinness.computeIfAbsent(extent.block(), this::look);
  }

  private double look(BlockId id) {
    ClusterView.@Nullable Block block = BlockReferences.find(tables, id);
    if (block == null || block.liveBytes() == 0) {
      return 0; // damaged tables, which others tell of
    }
    return (double) Math.max(0, block.length() - block.liveBytes()) / block.liveBytes();
  }

  /** See {@link io.pandofs.meta.CompactableFiles#filesAfter}. */
  public static List<InodeId> filesAfter(ReadStore tables, long after, int limit) {
    List<InodeId> files = new ArrayList<>();
    long last = after;
    while (files.size() < limit && last < Long.MAX_VALUE) {
      try (ReadStore.Cursor cursor = tables.scan(Table.EXTENTS, Keys.of(last + 1, 0), null)) {
        if (!cursor.next()) {
          return files;
        }
        last = Keys.first(cursor.key());
      }
      files.add(new InodeId(last));
    }
    return files;
  }
}
