package io.pandofs.meta.raft;

import io.pandofs.common.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.ratis.protocol.RaftGroupId;

/** Which Raft group a node belongs to, and where Ratis keeps it. */
final class RaftGroups {
  private static final long PANDO = 0x50616e646f000001L;
  private static final int EPOCHS = 0xfffe;

  private RaftGroups() {}

  /** The group of a volume and a cluster epoch: Ratis refuses what comes from another one. */
  static RaftGroupId of(Identity identity) {
    int epoch = identity.clusterEpoch();
    if (epoch < 0 || epoch > EPOCHS) {
      throw new IllegalArgumentException("cluster epoch " + epoch);
    }
    return RaftGroupId.valueOf(new UUID(PANDO + epoch, identity.volumeId()));
  }

  /** Where Ratis keeps log and vote of the group. */
  static Path current(Path raft, Identity identity) {
    return raft.resolve(of(identity).getUuid().toString()).resolve("current");
  }

  /** Deletes the groups of other cluster epochs, which Ratis would start too. */
  static void keepOnly(Path raft, Identity identity) throws IOException {
    String mine = of(identity).getUuid().toString();
    try (var entries = Files.newDirectoryStream(raft, "*-*-*-*-*")) {
      for (Path entry : entries) {
        if (Files.isDirectory(entry) && !entry.getFileName().toString().equals(mine)) {
          DurableFiles.deleteTree(entry);
        }
      }
    }
  }

  /** Prepares a new group without a log, whose elections begin after this term. */
  static void prepare(Path raft, Identity identity, long term) throws IOException {
    Path current = current(raft, identity);
    Path group = raft.resolve(of(identity).getUuid().toString());
    DurableFiles.deleteTree(group);
    Files.createDirectories(current);
    DurableFiles.replace(
        current.resolve("raft-meta"),
        ("votedFor=\nterm=" + term + "\n").getBytes(StandardCharsets.US_ASCII));
    DurableFiles.syncTree(group);
    DurableFiles.sync(raft);
  }
}
