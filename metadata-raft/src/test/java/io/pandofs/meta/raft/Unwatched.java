package io.pandofs.meta.raft;

import io.pandofs.meta.ahead.Ahead;

/** Of an operation that nobody follows on its way. */
final class Unwatched implements Ahead.Progress {
  static final Ahead.Progress PROGRESS = new Unwatched();

  private Unwatched() {}

  @Override
  public void numbered(long sequence) {}

  @Override
  public void concluded() {}
}
