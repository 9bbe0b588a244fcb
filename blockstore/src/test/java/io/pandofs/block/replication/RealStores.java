package io.pandofs.block.replication;

import io.pandofs.block.LocalBlocks;
import io.pandofs.block.local.LocalBlockOptions;
import io.pandofs.block.local.LocalBlockStore;
import io.pandofs.common.time.SystemClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/** Stores on disk for a test's cluster, which closes them. */
final class RealStores {
  private final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(1);

  LocalBlocks open(Path directory) throws IOException {
    Files.createDirectories(directory);
    return LocalBlockStore.open(
        LocalBlockOptions.of(directory, new UUID(1, 2)).withMemory(8 << 20).withReserve(0),
        new SystemClock(),
        scheduler);
  }

  void close() {
    scheduler.shutdownNow();
  }
}
