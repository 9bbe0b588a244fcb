package io.pandofs.meta.raft;

/** Runs something later. */
interface Timer {
  /** Runs the task once, after at least so long; the task must not block. */
  void after(long nanos, Runnable task);
}
