package io.pandofs.meta.testing;

import io.pandofs.common.BlockId;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.engine.LocalEffects;
import java.util.function.BiConsumer;

/** Hands on all effects, and tells of locks that were granted. */
final class GrantedLocks implements LocalEffects {
  private final LocalEffects others;
  private final BiConsumer<SessionId, Long> told;

  GrantedLocks(LocalEffects others, BiConsumer<SessionId, Long> told) {
    this.others = others;
    this.told = told;
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
    others.inodeChanged(inode);
  }

  @Override
  public void dataReplaced(InodeId inode) {
    others.dataReplaced(inode);
  }

  @Override
  public void dentryChanged(InodeId parent, FileName name) {
    others.dentryChanged(parent, name);
  }

  @Override
  public void orphaned(InodeId inode) {
    others.orphaned(inode);
  }

  @Override
  public void hashWanted(long index) {
    others.hashWanted(index);
  }
}
