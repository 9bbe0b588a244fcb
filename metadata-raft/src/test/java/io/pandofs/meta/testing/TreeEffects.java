package io.pandofs.meta.testing;

import io.pandofs.common.BlockId;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Changes;
import io.pandofs.meta.engine.LocalEffects;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/** Hands on all effects, tells of locks that were granted, and collects what was changed. */
final class TreeEffects implements LocalEffects {
  private final LocalEffects others;
  private final BiConsumer<SessionId, Long> told;
  private Set<InodeId> changed = new HashSet<>();
  private Map<InodeId, SessionId> leased = new HashMap<>();

  TreeEffects(LocalEffects others, BiConsumer<SessionId, Long> told) {
    this.others = others;
    this.told = told;
  }

  /** What was changed since this was asked last. */
  Changes takeChanges() {
    Changes changes = new Changes(changed, leased, false);
    changed = new HashSet<>();
    leased = new HashMap<>();
    return changes;
  }

  @Override
  public void leased(InodeId inode, SessionId holder) {
    leased.put(inode, holder);
    others.leased(inode, holder);
  }

  @Override
  public void lockGranted(SessionId session, long ticket) {
    told.accept(session, ticket);
    others.lockGranted(session, ticket);
  }

  @Override
  public void blockReferenced(BlockId block, int length, int crc32c) {
    others.blockReferenced(block, length, crc32c);
  }

  @Override
  public void blockDropped(BlockId block) {
    others.blockDropped(block);
  }

  @Override
  public void placementChanged() {
    others.placementChanged();
  }

  @Override
  public void sessionStarted(SessionId session) {
    others.sessionStarted(session);
  }

  @Override
  public void sessionEnded(SessionId session) {
    others.sessionEnded(session);
  }

  @Override
  public void inodeChanged(InodeId inode) {
    changed.add(inode);
    others.inodeChanged(inode);
  }

  @Override
  public void dataReplaced(InodeId inode) {
    others.dataReplaced(inode);
  }

  @Override
  public void dentryChanged(InodeId parent, FileName name) {
    changed.add(parent);
    others.dentryChanged(parent, name);
  }

  @Override
  public void orphaned(InodeId inode) {
    changed.add(inode);
    others.orphaned(inode);
  }

  @Override
  public void hashWanted(long index) {
    others.hashWanted(index);
  }
}
