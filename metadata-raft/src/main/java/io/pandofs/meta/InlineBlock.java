package io.pandofs.meta;

import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;

/**
 * A small block that a write brings into the volume with its bytes: they travel in the log and stay
 * in the tables of all nodes until they are put on the block's replicas ({@link
 * Operation.MoveInline}).
 *
 * @param bytes 1 to {@link #BYTES_MAX} of them; owned, and never changed
 * @param crc32c over all of them, as the writer had them
 */
@SuppressWarnings("ArrayRecordComponent") // a value on its way; nobody compares it
public record InlineBlock(BlockId block, byte[] bytes, int crc32c) {
  /** The largest. */
  public static final int BYTES_MAX = 32 << 10;

  /** Whether the bytes are those that the checksum was made of. */
  public boolean isIntact() {
    return Checksums.crc32c(bytes, 0, bytes.length) == crc32c;
  }
}
