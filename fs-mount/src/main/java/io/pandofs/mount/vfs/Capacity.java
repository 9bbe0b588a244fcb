package io.pandofs.mount.vfs;

/** What the volume can hold, as a user sees it. Thread-safe; answers at once. */
public interface Capacity {

  Space space();

  /**
   * Bytes that can be stored at the present replication, limited by the fullest node that is
   * needed.
   *
   * @param totalBytes used and free together
   * @param freeBytes what can still be written
   */
  record Space(long totalBytes, long freeBytes) {}
}
