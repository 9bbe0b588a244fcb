package io.pandofs.tools.node;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.raft.MetadataReplica;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminCommand;
import io.pandofs.tools.admin.AdminServer;
import io.pandofs.tools.json.JsonObject;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The daemon's command {@code log-rounds}: how long entries of the log that change nothing take,
 * one after the other, until Raft has committed and applied them. Only where the leader is. Half as
 * many before them are not counted: code that has not run often is slow.
 */
final class RoundCommands {
  private static final int COUNT_MAX = 1_000;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final MetadataReplica replica;
  private final Clock clock;

  RoundCommands(MetadataReplica replica, Clock clock) {
    this.replica = replica;
    this.clock = clock;
  }

  void addTo(AdminServer server) {
    server.add("log-rounds", this::measure);
  }

  private Map<String, @Nullable Object> measure(JsonObject request, AdminCommand.Progress progress)
      throws Refusal {
    long count = request.number("count");
    if (count < 1 || count > COUNT_MAX) {
      throw Refusal.ofUsage("count can be 1 to " + COUNT_MAX + ", not " + count + ".");
    }
    try {
      return measure((int) count);
    } catch (ErrnoException e) {
      throw new Refusal(
          "This node does not lead, or not without a pause: " + e.getMessage() + ".", e);
    }
  }

  private Map<String, @Nullable Object> measure(int count) throws ErrnoException {
    for (int i = 0; i < count / 2; i++) {
      replica.commitNothing(PATIENCE);
    }
    long[] nanos = new long[count];
    for (int i = 0; i < count; i++) {
      long before = clock.nanoTime();
      replica.commitNothing(PATIENCE);
      nanos[i] = clock.nanoTime() - before;
    }
    Arrays.sort(nanos);
    return Map.of(
        "p10_nanos",
        nanos[(count - 1) / 10],
        "p50_nanos",
        nanos[(count - 1) / 2],
        "p99_nanos",
        nanos[(int) ((count - 1) * 99L / 100)]);
  }
}
