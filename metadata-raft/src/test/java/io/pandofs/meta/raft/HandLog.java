package io.pandofs.meta.raft;

/** A log that is where the test says. */
final class HandLog implements LogStall.Log {
  boolean leads = true;
  long synced;
  long last;

  @Override
  public boolean isLeader() {
    return leads;
  }

  @Override
  public long syncedIndex() {
    return synced;
  }

  @Override
  public long lastIndex() {
    return last;
  }
}
