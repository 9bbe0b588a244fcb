package io.pandofs.block.replication;

import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.common.BlockId;
import java.io.IOException;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says, while an entry is applied, which of its blocks are here and need not be fetched. A disk may
 * be lost between that word and the entry's commit; the comparison that follows a loss may be over
 * by then and have seen nothing of the entry. So when one was lost, all is compared once more after
 * the commit. Used by the applying thread alone.
 */
public final class Holdings {
  private static final Logger LOG = LoggerFactory.getLogger(Holdings.class);

  private final LocalBlocks local;
  private final LongSupplier departures;
  private final Runnable compareAgain;
  private long departuresBefore;
  private boolean asked;

  /**
   * @param departures grows when something that was here may be gone
   * @param compareAgain must not wait
   */
  public Holdings(LocalBlocks local, LongSupplier departures, Runnable compareAgain) {
    this.local = local;
    this.departures = departures;
    this.compareAgain = compareAgain;
  }

  /** Whether the store has it on stable storage; false when the store cannot tell. */
  public boolean has(BlockId block, int length, int crc32c) {
    if (!asked) {
      asked = true;
      departuresBefore = departures.getAsLong();
    }
    try {
      LocalBlock found = local.find(block);
      return found != null && found.is(length, crc32c);
    } catch (IOException | IllegalStateException e) {
      // Then it is needed, and the keeper looks into the matter.
      LOG.debug("cannot look for {}: {}", block, e.toString());
      return false;
    }
  }

  /** The entry for which {@link #has} was asked is in the tables. */
  public void committed() {
    asked = false;
    if (departures.getAsLong() != departuresBefore) {
      compareAgain.run();
    }
  }
}
