package io.pandofs.tools.node;

import io.pandofs.common.config.NodeConfig;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.status.StatusServer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One node: everything wired. */
final class Node implements AutoCloseable {
  private final NodeConfig config;
  private final CompletableFuture<Void> end;
  private @Nullable StatusServer status;

  Node(NodeConfig config, CompletableFuture<Void> end) {
    this.config = config;
    this.end = end;
  }

  void start() throws Refusal {
    Listening.checkFree(config.status(), "status.listen");
    if (config.mount() != null) {
      MountPoint.check(config.mount(), config.dataDirectory());
    }
  }

  @Override
  public void close() {
    if (status != null) {
      status.close();
    }
    end.complete(null);
  }
}
