package io.pandofs.tools.node;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.raft.MetadataReplica;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminServer;
import io.pandofs.tools.json.JsonObject;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The daemon's commands about the hashes of the nodes' tables, by which they are compared: {@code
 * hash-tables} puts a request into the log and answers the index as of which every node hashes;
 * {@code hash-at} answers this node's own hash as of an index.
 */
final class HashCommands {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long POLL_MILLIS = 50;

  private final MetadataReplica replica;
  private final Clock clock;

  HashCommands(MetadataReplica replica, Clock clock) {
    this.replica = replica;
    this.clock = clock;
  }

  void addTo(AdminServer server) {
    server.add("hash-tables", (request, progress) -> hash());
    server.add("hash-at", (request, progress) -> at(request));
  }

  private Map<String, @Nullable Object> hash() throws Refusal, InterruptedException {
    try {
      Set<Long> before = replica.status().tableHashes().keySet();
      replica.hashTables(PATIENCE);
      long deadline = clock.nanoTime() + PATIENCE.toNanos();
      while (clock.nanoTime() - deadline < 0) {
        for (long index : replica.status().tableHashes().keySet()) {
          if (!before.contains(index)) {
            return Map.of("index", index);
          }
        }
        Pause.ofMillis(POLL_MILLIS);
      }
      throw new Refusal("The tables were not hashed in " + PATIENCE.toSeconds() + " s.");
    } catch (ErrnoException e) {
      throw new Refusal("No leader takes the request: " + e.getMessage() + ".", e);
    }
  }

  private Map<String, @Nullable Object> at(JsonObject request)
      throws Refusal, InterruptedException {
    long index = request.number("index");
    long deadline = clock.nanoTime() + PATIENCE.toNanos();
    do {
      try {
        String hash = replica.status().tableHashes().get(index);
        if (hash != null) {
          return Map.of("hash", hash);
        }
      } catch (ErrnoException e) {
        throw new Refusal("The metadata of this node have stopped; see its log.", e);
      }
      Pause.ofMillis(POLL_MILLIS); // Hashing runs in the background and tells nobody of its end.
    } while (clock.nanoTime() - deadline < 0);
    throw new Refusal("The hash at " + index + " is not known here.");
  }
}
