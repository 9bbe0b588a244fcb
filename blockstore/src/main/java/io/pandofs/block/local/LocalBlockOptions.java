package io.pandofs.block.local;

import io.pandofs.common.Compression;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * How a local store is kept.
 *
 * @param directory the store's own; made when it is missing
 * @param stamp the incarnation that this store belongs to; written into an empty directory, and
 *     compared at every later start (PROTOCOL rule 19)
 * @param memoryBytes native memory for caches and write buffers together
 * @param reserveBytes of the disk that puts leave free, so that deleting always works
 * @param smallBatchBytes a batch of puts below this goes through the write-ahead log, from this on
 *     into a segment
 * @param segmentBytes what a batch, and so a segment, holds at most (a single block may exceed it)
 * @param rewriteBytesPerSecond the pace of the background rewriting of sparse segments
 * @param compression asked when a segment is begun, on whatever thread makes it; must not block
 */
public record LocalBlockOptions(
    Path directory,
    UUID stamp,
    long memoryBytes,
    long reserveBytes,
    int smallBatchBytes,
    int segmentBytes,
    long rewriteBytesPerSecond,
    Supplier<Compression> compression) {
  private static final long MIB = 1 << 20;

  public LocalBlockOptions {
    if (memoryBytes < 4 * MIB
        || reserveBytes < 0
        || smallBatchBytes < 0
        || segmentBytes <= 0
        || rewriteBytesPerSecond <= 0) {
      throw new IllegalArgumentException("sizes of a block store out of range");
    }
  }

  /** The measured defaults: docs/decisions/0002. */
  public static LocalBlockOptions of(Path directory, UUID stamp) {
    return new LocalBlockOptions(
        directory,
        stamp,
        64 * MIB,
        128 * MIB,
        (int) (2 * MIB),
        (int) (32 * MIB),
        64 * MIB,
        () -> Compression.NONE);
  }

  public LocalBlockOptions withMemory(long bytes) {
    return new LocalBlockOptions(
        directory,
        stamp,
        bytes,
        reserveBytes,
        smallBatchBytes,
        segmentBytes,
        rewriteBytesPerSecond,
        compression);
  }

  public LocalBlockOptions withReserve(long bytes) {
    return new LocalBlockOptions(
        directory,
        stamp,
        memoryBytes,
        bytes,
        smallBatchBytes,
        segmentBytes,
        rewriteBytesPerSecond,
        compression);
  }

  /** Sizes of batches: the limit below which one is small, and the size of a full segment. */
  public LocalBlockOptions withBatches(int smallBytes, int segment) {
    return new LocalBlockOptions(
        directory,
        stamp,
        memoryBytes,
        reserveBytes,
        smallBytes,
        segment,
        rewriteBytesPerSecond,
        compression);
  }

  public LocalBlockOptions withCompression(Supplier<Compression> asked) {
    return new LocalBlockOptions(
        directory,
        stamp,
        memoryBytes,
        reserveBytes,
        smallBatchBytes,
        segmentBytes,
        rewriteBytesPerSecond,
        asked);
  }
}
