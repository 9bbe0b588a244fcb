package io.pandofs.meta.raft;

import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.meta.rocksdb.TablesException;
import java.io.IOException;

/** Opens a node's tables and checks, against them, what Raft has on the disk. */
final class CheckedTables {
  private CheckedTables() {}

  /**
   * Opens the tables, and prepares Raft's files and the checkpoints.
   *
   * @throws DamagedException when what is there must not be used
   */
  static LiveTables open(
      DataDirectory data,
      RaftFiles files,
      Checkpoints checkpoints,
      Identity identity,
      RocksMemory memory)
      throws IOException {
    LiveTables opened;
    try {
      opened = LiveTables.open(data.meta(), memory);
    } catch (TablesException e) {
      throw e.kind() == TablesException.Kind.DAMAGED
          ? new DamagedException(String.valueOf(e.getMessage()), e)
          : e;
    }
    try {
      checkpoints.prepare();
      long applied = opened.applied().index();
      long made = checkpoints.newestMade();
      long installed = checkpoints.newestInstalled();
      boolean isCarriedOn =
          identity.stage() == Identity.Stage.RECOVERING
              || identity.stage() == Identity.Stage.RECOVERED;
      new LogCheck(files)
          .run(
              identity.stage() == Identity.Stage.MEMBER,
              LogMark.read(data.mark()),
              applied,
              made,
              // A recovery adds to the tables what is in no log, and the new log begins after it.
              isCarriedOn ? Math.max(installed, Math.max(applied, made)) : installed);
      return opened;
    } catch (IOException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }
}
