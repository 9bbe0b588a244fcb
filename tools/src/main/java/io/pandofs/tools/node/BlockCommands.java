package io.pandofs.tools.node;

import io.pandofs.tools.admin.AdminServer;

/** The daemon's commands about this machine's blocks, as the admin channel offers them. */
final class BlockCommands {
  private final ScrubRequest scrub;
  private final FsckRequest fsck;

  BlockCommands(ScrubRequest scrub, FsckRequest fsck) {
    this.scrub = scrub;
    this.fsck = fsck;
  }

  void addTo(AdminServer server) {
    server.add("scrub", scrub);
    server.add("fsck", fsck);
  }
}
