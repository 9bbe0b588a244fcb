package io.pandofs.block.local;

import io.pandofs.common.BlockId;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/**
 * A process that puts and deletes until it is killed. It says {@code put N LENGTH} once the put is
 * acknowledged, and {@code delete N} before it deletes.
 */
final class PuttingProcess {
  private PuttingProcess() {}

  /** Arguments: directory, first block, seed. */
  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, true);
    long next = Long.parseLong(args[1]);
    Random random = new Random(Long.parseLong(args[2]));
    StoreFixture fixture = new StoreFixture(StoreFixture.tiny(Path.of(args[0])));
    LocalBlockStore store = fixture.open();
    out.println("open");
    Semaphore underWay = new Semaphore(24);
    while (true) {
      underWay.acquire();
      long block = next++;
      int length = 1 + random.nextInt(random.nextInt(4) > 0 ? 8_000 : 400_000);
      CompletableFuture<Void> put = StoreFixture.start(store, block, length);
      CompletableFuture<Void> told =
          put.thenRun(() -> out.println("put " + block + " " + length))
              .whenComplete((done, failure) -> underWay.release());
      if (told.isCompletedExceptionally()) {
        told.join();
      }
      if (block % 16 == 0) {
        List<BlockId> gone = new ArrayList<>();
        for (long victim = block - 15; victim < block; victim++) {
          if (random.nextInt(3) > 0) {
            out.println("delete " + victim);
            gone.add(new BlockId(victim));
          }
        }
        store.delete(gone);
      }
      if (block % 64 == 0) {
        store.tidyAll();
      }
    }
  }
}
