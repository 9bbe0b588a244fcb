package io.pandofs.tools.node;

import io.pandofs.block.replication.Keeper;
import io.pandofs.common.BlockId;
import io.pandofs.tools.admin.AdminCommand.Progress;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Hands to repair what a check has found, and waits for it. */
final class Repairs {
  static final long LOOK_MILLIS = 100;
  private static final long IDLE_LOOKS = TimeUnit.SECONDS.toMillis(60) / LOOK_MILLIS;

  /** A sentence about progress is said every so many looks. */
  static final long SAY_EVERY_LOOKS = 20;

  private final Keeper keeper;
  private final Progress progress;

  Repairs(Keeper keeper, Progress progress) {
    this.keeper = keeper;
    this.progress = progress;
  }

  private interface Condition {
    boolean isMet();
  }

  /**
   * Reports blocks, no more of them at a time than repair remembers.
   *
   * @return how many were not reported, as repair got nowhere for a minute
   */
  long handIn(List<BlockId> blocks, Consumer<BlockId> report)
      throws IOException, InterruptedException {
    long handed = 0;
    for (BlockId block : blocks) {
      if (keeper.isSwamped() && !isMetSoon(() -> !keeper.isSwamped())) {
        break;
      }
      report.accept(block);
      handed++;
    }
    return blocks.size() - handed;
  }

  /** Returns when all is repaired, or when repair got nowhere for a minute. */
  void await() throws IOException, InterruptedException {
    // The reports first: what they bring counts among the faults.
    var unused = isMetSoon(() -> !keeper.hasReports() && keeper.faults().open() == 0);
  }

  /** False when repair got nowhere for a minute. */
  private boolean isMetSoon(Condition condition) throws IOException, InterruptedException {
    long before = -1;
    long idle = 0;
    for (long look = 1; idle < IDLE_LOOKS; look++) {
      if (condition.isMet()) {
        return true;
      }
      Keeper.Faults faults = keeper.faults();
      idle = faults.repaired() == before ? idle + 1 : 0;
      before = faults.repaired();
      if (look % SAY_EVERY_LOOKS == 0) {
        progress.say(faults.open() + " blocks are still to be repaired");
      }
      Pause.ofMillis(LOOK_MILLIS);
    }
    return false;
  }
}
