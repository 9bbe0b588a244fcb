package io.pandofs.mount.vfs;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.ChangeWatcher;
import io.pandofs.meta.Changes;
import io.pandofs.meta.MetadataSession;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Takes back what the mount's kernel keeps when it is changed (PROTOCOL rules 2 to 5): by any
 * session, once that is in the log; by this one also ahead of the log, before that is answered.
 * What another session gets a lease of is changed ahead by that one from then on. Thread-safe.
 */
final class KeptByKernel implements ChangeWatcher {
  private volatile KernelCache cache = KernelCache.NONE;
  private volatile @Nullable SessionId own;

  /** Says what keeps something, before it does. */
  void in(KernelCache kernel) {
    cache = kernel;
  }

  /** Is told of changes from now on by this session. */
  void watch(MetadataSession session) {
    own = session.id();
    session.onChange(this);
  }

  @Override
  public CompletableFuture<Void> changed(Changes changes) {
    if (changes.endsSessions()) {
      return cache.dropAll();
    }
    return cache.drop(changes.inodes(), changes.leased().isEmpty() ? Set.of() : others(changes));
  }

  private Set<InodeId> others(Changes changes) {
    return changes.leased().entrySet().stream()
        .filter(lease -> !lease.getValue().equals(own))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  @Override
  public CompletableFuture<Void> everythingChanged() {
    return cache.dropAll();
  }
}
