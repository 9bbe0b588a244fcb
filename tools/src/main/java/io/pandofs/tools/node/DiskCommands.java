package io.pandofs.tools.node;

import io.pandofs.block.disks.Evacuation;
import io.pandofs.block.replication.Pace;
import io.pandofs.common.time.Clock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminCommand.Progress;
import io.pandofs.tools.admin.AdminServer;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** The daemon's commands about this machine's disks, as the admin channel offers them. */
final class DiskCommands {
  private static final long SAY_EVERY_NANOS = Duration.ofSeconds(2).toNanos();

  private final BlockSide side;
  private final @Nullable Path mount;
  private final Clock clock;
  private final Semaphore alone = new Semaphore(1);

  DiskCommands(BlockSide side, @Nullable Path mount, Clock clock) {
    this.side = side;
    this.mount = mount;
    this.clock = clock;
  }

  void addTo(AdminServer server) {
    server.add("disk-ls", (request, progress) -> Map.of("disks", side.disks.document()));
    server.add("disk-add", (request, progress) -> add(directory(request)));
    server.add("disk-remove", (request, progress) -> remove(directory(request), progress));
  }

  private Path directory(JsonObject request) throws Refusal {
    Path directory = Path.of(request.text("directory")).normalize();
    if (!directory.isAbsolute()) {
      throw new Refusal("Say the whole path of the directory.");
    }
    if (mount != null && directory.startsWith(mount)) {
      throw new Refusal(directory + " is within the mount.");
    }
    return directory;
  }

  private void begin() throws Refusal {
    if (!alone.tryAcquire()) {
      throw new Refusal("Another disk is being added or removed; wait for it.");
    }
  }

  private Map<String, @Nullable Object> add(Path directory) throws Refusal {
    begin();
    try {
      side.disks.add(directory);
    } finally {
      alone.release();
    }
    // What it had from an earlier time is held again, or was deleted meanwhile.
    side.compareAgain();
    return told(directory, 0);
  }

  private Map<String, @Nullable Object> remove(Path directory, Progress progress)
      throws Refusal, InterruptedException {
    begin();
    long bad;
    try {
      bad = side.disks.remove(directory, progress(progress));
    } finally {
      alone.release();
    }
    side.compareAgain();
    return told(directory, bad);
  }

  /** Says how far it is now and then, and keeps to the pace of repair. */
  private Evacuation.Progress progress(Progress progress) {
    return new Evacuation.Progress() {
      private final Pace pace = side.repairPace(clock.nanoTime());
      private long saidNanos = clock.nanoTime();
      private long counted;

      @Override
      public void moved(long blocks, long bytes) throws IOException, InterruptedException {
        long now = clock.nanoTime();
        pace.took(bytes - counted, now);
        counted = bytes;
        if (now - saidNanos > SAY_EVERY_NANOS) {
          saidNanos = now;
          progress.say(blocks + " blocks have moved");
        }
        for (long wait = pace.waitNanos(now); wait > 0; wait = pace.waitNanos(clock.nanoTime())) {
          Pause.ofNanos(wait);
        }
      }
    };
  }

  private static Map<String, @Nullable Object> told(Path directory, long bad) {
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put("directory", directory.toString());
    result.put("bad_copies", bad);
    return result;
  }
}
