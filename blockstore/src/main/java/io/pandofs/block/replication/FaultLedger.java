package io.pandofs.block.replication;

import io.pandofs.common.BlockId;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * Which copies were found bad or gone although they ought to be here, and how many of those were
 * put right. Thread-safe.
 */
final class FaultLedger {
  private final int openMax;
  private final Set<BlockId> open = ConcurrentHashMap.newKeySet();
  private final AtomicLong found = new AtomicLong();
  private final AtomicLong repaired = new AtomicLong();

  /**
   * @param openMax how many faults are followed at a time; over it they are counted as found alone
   */
  FaultLedger(int openMax) {
    this.openMax = openMax;
  }

  /** Counts it once until it is closed. */
  void found(BlockId block) {
    boolean isNew = open.size() >= openMax ? !open.contains(block) : open.add(block);
    if (isNew) {
      found.incrementAndGet();
    }
  }

  /** A good copy is here again. */
  void repaired(BlockId block) {
    if (open.remove(block)) {
      repaired.incrementAndGet();
    }
  }

  /** Nothing references the block any more. */
  void gone(BlockId block) {
    open.remove(block);
  }

  /** Those that the condition is true of. */
  void forget(Predicate<BlockId> isGone) {
    open.removeIf(isGone);
  }

  Keeper.Faults counts() {
    return new Keeper.Faults(found.get(), repaired.get(), open.size());
  }
}
