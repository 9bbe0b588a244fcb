package io.pandofs.tools.bench;

import io.pandofs.common.time.Clock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminClient;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What no filesystem of the kind can be much faster than on this machine, now. Both times are those
 * that one in ten stays below: what waits for a processor says nothing.
 *
 * @param requestNanos what one request of the kernel takes that the daemon answers from memory: a
 *     statvfs(3) of the mount
 * @param roundNanos what one entry of the log takes until it is applied where the leader is; 0 if
 *     that was not measured
 * @param why it was not
 */
record Bounds(long requestNanos, long roundNanos, String why) {
  private static final int REQUESTS = 2_000;
  private static final int ROUNDS = 200;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /**
   * Measures.
   *
   * @param daemon of a node, which had best be the leader's; null: it is not asked
   */
  static Bounds measure(Path directory, @Nullable AdminClient daemon, Clock clock)
      throws IOException {
    FileStore mount = Files.getFileStore(rootOf(directory.toRealPath()));
    long[] each = new long[REQUESTS];
    for (int i = 0; i < REQUESTS; i++) {
      long before = clock.nanoTime();
      long unused = mount.getTotalSpace();
      each[i] = clock.nanoTime() - before;
    }
    Arrays.sort(each);
    long request = each[REQUESTS / 10];
    if (daemon == null) {
      return new Bounds(request, 0, "no node was named");
    }
    try {
      Map<String, Integer> count = Map.of("count", ROUNDS);
      return new Bounds(
          request, daemon.call("log-rounds", count, PATIENCE).number("p10_nanos"), "");
    } catch (Refusal e) {
      return new Bounds(request, 0, String.valueOf(e.getMessage()));
    }
  }

  /** Of the mount: a longer path is more requests. */
  private static Path rootOf(Path directory) throws IOException {
    Object device = Files.getAttribute(directory, "unix:dev");
    Path root = directory;
    for (Path up = root.getParent();
        up != null && device.equals(Files.getAttribute(up, "unix:dev"));
        up = up.getParent()) {
      root = up;
    }
    return root;
  }

  /** The highest rate of a row; 0 if there is nothing to say. */
  double of(Row row) {
    boolean isKnown = row.requests() > 0 && (row.rounds() == 0 || roundNanos > 0);
    return isKnown ? 1e9 / (row.requests() * requestNanos + row.rounds() * roundNanos) : 0;
  }
}
