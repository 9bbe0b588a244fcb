package io.pandofs.block;

import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.common.Checksums;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Judges a local copy by what the log says of the block: all its bytes are read and compared with
 * the length and checksum of the log's row, not only with what the store wrote beside them.
 */
public final class CopyCheck {
  /** What the copy is like. */
  public enum Verdict {
    GOOD,
    MISSING,
    DAMAGED
  }

  private CopyCheck() {}

  /**
   * Reads the copy and judges it.
   *
   * @param buffer room for the whole block; its contents are lost
   * @throws IOException the store cannot say
   */
  public static Verdict of(LocalBlocks local, BlockRow row, ByteBuffer buffer) throws IOException {
    LocalBlock found = local.find(row.block());
    if (found == null) {
      return Verdict.MISSING;
    }
    if (!found.is(row.length(), row.crc32c())) {
      return Verdict.DAMAGED;
    }
    buffer.clear().limit(row.length());
    try {
      local.read(row.block(), 0, buffer);
    } catch (BlockMissingException e) {
      return Verdict.MISSING;
    } catch (BlockCorruptException e) {
      return Verdict.DAMAGED;
    }
    return Checksums.crc32c(buffer.flip()) == row.crc32c() ? Verdict.GOOD : Verdict.DAMAGED;
  }
}
