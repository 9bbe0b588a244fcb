package io.pandofs.meta.raft;

import io.pandofs.meta.ChangeWatcher;
import io.pandofs.meta.Changes;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Those of this node's mounts who keep what they were shown. Thread-safe. */
final class KeptByMounts {
  private static final Logger LOG = LoggerFactory.getLogger(KeptByMounts.class);
  private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);

  private final Set<ChangeWatcher> watchers = new CopyOnWriteArraySet<>();

  void add(ChangeWatcher watcher) {
    watchers.add(watcher);
  }

  void remove(ChangeWatcher watcher) {
    watchers.remove(watcher);
  }

  /** Completes when nothing is kept from before a change that the tables have. */
  CompletableFuture<Void> changed(Changes changes) {
    return told(watcher -> watcher.changed(changes));
  }

  /** Completes when nothing is kept from before the call. */
  CompletableFuture<Void> drop() {
    return told(ChangeWatcher::everythingChanged);
  }

  private CompletableFuture<Void> told(Function<ChangeWatcher, CompletableFuture<Void>> how) {
    CompletableFuture<Void> all = NOTHING;
    for (ChangeWatcher watcher : watchers) {
      CompletableFuture<Void> one = told(watcher, how);
      all = all.isDone() ? one : CompletableFuture.allOf(all, one);
    }
    return all;
  }

  /** One that breaks its word does not keep the others from what they wait for. */
  private static CompletableFuture<Void> told(
      ChangeWatcher watcher, Function<ChangeWatcher, CompletableFuture<Void>> how) {
    try {
      return how.apply(watcher)
          .exceptionally(
              failure -> {
                LOG.error("what a mount keeps may be old", failure);
                return null;
              });
    } catch (RuntimeException | Error e) {
      LOG.error("what a mount keeps may be old", e);
      return NOTHING;
    }
  }
}
