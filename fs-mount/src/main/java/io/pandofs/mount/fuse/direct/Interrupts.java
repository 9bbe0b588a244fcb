package io.pandofs.mount.fuse.direct;

/** What is done about FUSE_INTERRUPT. Thread-safe; never waits. */
@FunctionalInterface
interface Interrupts {

  /**
   * A signal came to who made the request that {@code in} names.
   *
   * @return false if that request is not known here, perhaps not yet
   */
  boolean interrupt(Request in);
}
