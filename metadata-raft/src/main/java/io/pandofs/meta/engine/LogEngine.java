package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import io.pandofs.meta.FileType;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;

/**
 * Applies log entries to the tables: a pure function of the entry, its index and the tables, alike
 * on every node and every JVM. Stateless and thread-safe as far as the stores are separate.
 */
public final class LogEngine {
  private static final int ROOT_PERMISSIONS = 0755;

  /**
   * Applies one entry. Each operation of a batch succeeds wholly or leaves nothing behind, by
   * itself.
   *
   * @param index the entry's place in the log
   * @throws StoreException when the tables cannot be used: nothing may be committed then
   */
  public LogReply apply(LogEntry entry, long index, Store store, LocalEffects effects) {
    if (entry instanceof LogEntry.Format format) {
      return format(format, store);
    }
    if (Superblock.find(store) == null) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    if (entry instanceof LogEntry.Batch batch) {
      return Batches.apply(batch, index, store, effects);
    } else if (entry instanceof LogEntry.RegisterSession register) {
      return Membership.registerSession(register, store, effects);
    } else if (entry instanceof LogEntry.ExpireSession expire) {
      return Membership.expireSession(expire.session(), store, effects);
    } else if (entry instanceof LogEntry.RegisterNode register) {
      return Membership.registerNode(register, store, effects);
    } else if (entry instanceof LogEntry.RemoveNode remove) {
      return Membership.removeNode(remove.node(), store, effects);
    } else if (entry instanceof LogEntry.AdmitNode admit) {
      return Tokens.admit(admit, store, effects);
    } else if (entry instanceof LogEntry.ReplaceNode replace) {
      return Tokens.replace(replace, store, effects);
    } else if (entry instanceof LogEntry.CreateToken create) {
      return Tokens.create(create, store);
    } else if (entry instanceof LogEntry.RevokeToken revoke) {
      return Tokens.revoke(revoke.id(), store);
    } else if (entry instanceof LogEntry.PlaceNode place) {
      return Membership.placeNode(place.node(), store, effects);
    } else if (entry instanceof LogEntry.DrainNode drain) {
      return Membership.drainNode(drain, store, effects);
    } else if (entry instanceof LogEntry.OutNode out) {
      return Membership.outNode(out, store, effects);
    } else if (entry instanceof LogEntry.SetCapacity set) {
      return Membership.setCapacity(set, store, effects);
    } else if (entry instanceof LogEntry.SetStoragePolicy set) {
      return Membership.setPolicy(set.policy(), store, effects);
    } else if (entry instanceof LogEntry.Recover recover) {
      return Membership.recover(recover.survivor(), store, effects);
    } else if (entry instanceof LogEntry.Reap reap) {
      return new Reaper(store, effects).reap(reap);
    } else if (entry instanceof LogEntry.HashTables) {
      effects.hashWanted(index);
      return LogReply.OK;
    }
    throw new IllegalStateException("an entry without an engine: " + entry);
  }

  private static LogReply format(LogEntry.Format format, Store store) {
    if (Superblock.find(store) != null || format.volumeId() <= 0) {
      return LogReply.refused(LogReply.Status.REFUSED);
    }
    Superblock superblock = Superblock.create(format.volumeId(), Change.bounded(format.time()));
    superblock.save(store);
    Inode root = new Inode(InodeId.ROOT, FileType.DIRECTORY, superblock.born());
    root.permissions = ROOT_PERMISSIONS;
    root.uid = format.owner().uid();
    root.gid = format.owner().gid();
    root.links = 2;
    root.parent = InodeId.ROOT.value();
    root.sizeBytes = Inode.DIRECTORY_BYTES;
    root.save(store);
    Totals.addInodes(store, 1);
    Counters.set(store, SystemKind.INODE_COUNTER, InodeId.ROOT.value() + 1);
    return LogReply.OK;
  }
}
