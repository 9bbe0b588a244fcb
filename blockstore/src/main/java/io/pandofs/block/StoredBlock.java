package io.pandofs.block;

import io.pandofs.common.NodeId;
import java.util.List;

/**
 * A block that a quorum holds on stable storage, ready to be made part of a file.
 *
 * @param crc32c over all its bytes
 * @param holders the replicas that had acknowledged it by then
 */
public record StoredBlock(int length, int crc32c, long placementEpoch, List<NodeId> holders) {
  public StoredBlock {
    holders = List.copyOf(holders);
  }
}
