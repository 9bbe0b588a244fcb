package io.pandofs.mount.fuse.direct;

import io.pandofs.mount.vfs.LockOperations.Asked;

/** What is known of requests under way. Thread-safe; never waits. */
interface Calls {

  /**
   * A signal came to who made the request that {@code in} names.
   *
   * @return false if that request is not known here, perhaps not yet
   */
  boolean interrupt(Request in);

  /**
   * The request {@code in} waits for a lock: it is answered when that is there, and given up upon
   * any signal to who made it, as fcntl(2) says.
   */
  void later(Request in, Asked asked);
}
