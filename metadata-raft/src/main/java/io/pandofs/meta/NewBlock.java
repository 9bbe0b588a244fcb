package io.pandofs.meta;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import java.util.List;

/**
 * A block that a write brings into the volume (PROTOCOL rule 14: commits name their witnesses).
 *
 * @param length 1 byte to {@link #BYTES_MAX}
 * @param crc32c over all its bytes
 * @param placementEpoch the epoch of the placement map under which it was put
 * @param holders the replicas that acknowledged it as stable
 */
public record NewBlock(
    BlockId block, int length, int crc32c, long placementEpoch, List<NodeId> holders) {
  /** The largest block. */
  public static final int BYTES_MAX = 4 << 20;

  public NewBlock {
    holders = List.copyOf(holders);
  }
}
