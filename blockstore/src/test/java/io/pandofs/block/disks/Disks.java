package io.pandofs.block.disks;

import io.pandofs.block.LocalBlocks;
import io.pandofs.block.local.LocalBlockOptions;
import io.pandofs.block.local.LocalBlockStore;
import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/** Opens stores for tests, each in a directory, and remembers them by its name. */
public final class Disks implements AutoCloseable {
  private final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(1);
  private final Map<String, BreakableBlocks> opened = new LinkedHashMap<>();

  /** A set of stores in these directories. */
  public DiskSet set(Path root, String... names) throws IOException {
    return set(new SystemClock(), root, names);
  }

  DiskSet set(Clock clock, Path root, String... names) throws IOException {
    Map<Path, LocalBlocks> stores = new LinkedHashMap<>();
    for (String name : names) {
      stores.put(root.resolve(name), open(root, name));
    }
    return new DiskSet(stores, clock);
  }

  BreakableBlocks open(Path root, String name) throws IOException {
    LocalBlockOptions options =
        LocalBlockOptions.of(root.resolve(name), new UUID(1, 2))
            .withMemory(8 << 20)
            .withReserve(0)
            .withBatches(64 << 10, 1 << 20);
    BreakableBlocks store =
        new BreakableBlocks(LocalBlockStore.open(options, new SystemClock(), scheduler));
    opened.put(name, store);
    return store;
  }

  /** The store that was opened last under the name. */
  public BreakableBlocks get(String name) {
    BreakableBlocks store = opened.get(name);
    if (store == null) {
      throw new IllegalArgumentException(name);
    }
    return store;
  }

  @Override
  public void close() {
    scheduler.shutdownNow();
  }
}
