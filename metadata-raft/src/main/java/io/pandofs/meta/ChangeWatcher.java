package io.pandofs.meta;

import java.util.concurrent.CompletableFuture;

/**
 * Who keeps something of what views have shown, as the kernel of a mount does. It is told of what
 * is changed, by whichever session, so that nobody is shown a change while something older is kept
 * here (PROTOCOL rules 2 to 5). Not of what sessions do to what they have leases of: of that
 * nothing is kept once the lease was told.
 */
public interface ChangeWatcher {
  /**
   * The tables have this change, and whoever looks from now on finds it. Told on a thread that
   * everybody waits for, one call at a time: returns at once.
   *
   * @return completes, never fails, when nothing is kept that is older
   */
  CompletableFuture<Void> changed(Changes changes);

  /** As {@link #changed}, where that may be anything; on any thread. */
  CompletableFuture<Void> everythingChanged();
}
