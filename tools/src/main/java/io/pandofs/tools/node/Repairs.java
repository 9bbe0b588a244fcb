package io.pandofs.tools.node;

import io.pandofs.block.replication.Keeper;
import io.pandofs.tools.admin.AdminCommand.Progress;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits for the repair of what a check has found. */
final class Repairs {
  private static final long LOOK_MILLIS = 100;
  private static final long IDLE_LOOKS = TimeUnit.SECONDS.toMillis(60) / LOOK_MILLIS;

  /** A sentence about progress is said every so many looks. */
  static final long SAY_EVERY_LOOKS = 20;

  private Repairs() {}

  /** Returns when all is repaired, or when repair got nowhere for a minute. */
  static void await(Keeper keeper, Progress progress) throws IOException, InterruptedException {
    long before = -1;
    long idle = 0;
    for (long look = 1; idle < IDLE_LOOKS; look++) {
      boolean reported = keeper.hasReports();
      Keeper.Faults faults = keeper.faults();
      if (faults.open() == 0 && !reported) {
        return;
      }
      idle = faults.repaired() == before ? idle + 1 : 0;
      before = faults.repaired();
      if (look % SAY_EVERY_LOOKS == 0) {
        progress.say(faults.open() + " blocks are still to be repaired");
      }
      pause();
    }
  }

  /** Until the next look; nobody tells when a background pass is over. */
  static void pause() throws InterruptedException {
    if (new CountDownLatch(1).await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      throw new IllegalStateException("nobody counts down");
    }
  }
}
