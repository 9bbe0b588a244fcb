package io.pandofs.tools.node;

import io.pandofs.common.NodeId;
import io.pandofs.meta.raft.BlockTables;
import io.pandofs.tools.admin.AdminServer;

/** The daemon's commands about this machine's blocks, as the admin channel offers them. */
final class BlockCommands {
  private final ScrubRequest scrub;
  private final FsckRequest fsck;

  BlockCommands(
      NodeId self,
      BlockTables tables,
      LocalDirectory directory,
      BlockSide side,
      ScrubRequest scrub) {
    this.scrub = scrub;
    this.fsck = new FsckRequest(self, tables, directory, side);
  }

  void addTo(AdminServer server) {
    server.add("scrub", scrub);
    server.add("fsck", fsck);
  }
}
