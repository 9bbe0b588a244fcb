package io.pandofs.mount.vfs;

import io.pandofs.common.InodeId;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * What a mount's kernel keeps of the answers that it got, for a moment and without asking again.
 * Thread-safe; returns at once.
 */
public interface KernelCache {
  /** Keeps nothing. */
  KernelCache NONE =
      new KernelCache() {
        @Override
        public CompletableFuture<Void> drop(Set<InodeId> inodes, Set<InodeId> directories) {
          return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletableFuture<Void> dropAll() {
          return CompletableFuture.completedFuture(null);
        }
      };

  /**
   * Has the kernel forget the attributes of inodes, and of what it found in directories.
   *
   * @return completes, never fails, when the kernel keeps none from before the call, and will not
   *     keep what an answer on its way tells
   */
  CompletableFuture<Void> drop(Set<InodeId> inodes, Set<InodeId> directories);

  /** The same of everything. */
  CompletableFuture<Void> dropAll();
}
