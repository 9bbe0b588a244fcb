package io.pandofs.tools.admin;

import io.pandofs.tools.Refusal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** Asks a node of this machine for the hashes by which the nodes' tables are compared. */
public final class TableHasher {
  /** Longer than the node itself waits. */
  private static final Duration PATIENCE = Duration.ofSeconds(25);

  private final AdminClient node;

  public TableHasher(Path dataDirectory) {
    this.node = new AdminClient(dataDirectory);
  }

  /** Has all nodes hash their tables; the log index as of which they do. */
  public long request() throws Refusal {
    return node.call("hash-tables", Map.of(), PATIENCE).number("index");
  }

  /** This node's hash as of an index, which may come some seconds later. */
  public String at(long index) throws Refusal {
    return node.call("hash-at", Map.of("index", index), PATIENCE).text("hash");
  }
}
