package io.pandofs.mount.vfs;

import io.pandofs.meta.NewBlock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Cuts a batch's runs into blocks: long runs as they are, short ones together. */
final class Packing {

  /** A run of this length is a block by itself: copying it to share a block would not pay. */
  private static final int ALONE_BYTES = 1 << 20;

  private Packing() {}

  /**
   * Bytes that become one block.
   *
   * @param gathered the pool's buffer if the bytes were copied together; to be given back
   */
  record Packed(ByteBuffer bytes, List<Slice> slices, @Nullable ByteBuffer gathered) {}

  /** Where a part of the block belongs in the file. */
  record Slice(long offset, int length, int blockOffset) {}

  /**
   * Packs runs in order of offset; the results lie in the runs' own buffers where they can. Takes
   * nothing of the pool if it fails.
   */
  static List<Packed> pack(Iterable<Run> runs, BufferPool pool) {
    List<Packed> blocks = new ArrayList<>();
    boolean packed = false;
    try {
      pack(runs, pool, blocks);
      packed = true;
      return blocks;
    } finally {
      if (!packed) {
        giveBack(blocks, pool);
      }
    }
  }

  /** Gives the buffers back in which bytes were copied together. */
  static void giveBack(List<Packed> blocks, BufferPool pool) {
    for (Packed one : blocks) {
      if (one.gathered() != null) {
        pool.give(one.gathered());
      }
    }
  }

  private static void pack(Iterable<Run> runs, BufferPool pool, List<Packed> blocks) {
    List<Run> group = new ArrayList<>();
    int groupBytes = 0;
    for (Run run : runs) {
      if (run.length() >= ALONE_BYTES) {
        blocks.add(whole(run));
        continue;
      }
      if (groupBytes + run.length() > NewBlock.BYTES_MAX) {
        blocks.add(together(group, groupBytes, pool));
        group.clear();
        groupBytes = 0;
      }
      group.add(run);
      groupBytes += run.length();
    }
    if (!group.isEmpty()) {
      blocks.add(together(group, groupBytes, pool));
    }
  }

  private static Packed whole(Run run) {
    return new Packed(run.bytes(), List.of(new Slice(run.start(), run.length(), 0)), null);
  }

  private static Packed together(List<Run> group, int bytes, BufferPool pool) {
    if (group.size() == 1) {
      return whole(group.get(0));
    }
    ByteBuffer gathered = pool.take(bytes);
    List<Slice> slices = new ArrayList<>(group.size());
    int at = 0;
    for (Run run : group) {
      gathered.put(at, run.buffer(), 0, run.length());
      addSlice(slices, new Slice(run.start(), run.length(), at));
      at += run.length();
    }
    return new Packed(gathered.slice(0, bytes), List.copyOf(slices), gathered);
  }

  private static void addSlice(List<Slice> slices, Slice next) {
    if (!slices.isEmpty()) {
      Slice last = slices.get(slices.size() - 1);
      if (last.offset + last.length == next.offset) {
        slices.set(
            slices.size() - 1, new Slice(last.offset, last.length + next.length, last.blockOffset));
        return;
      }
    }
    slices.add(next);
  }
}
