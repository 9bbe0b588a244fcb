package io.pandofs.tools.node;

import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.net.Service;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A service that a server can be started with before there is one: the port is taken first, so that
 * a taken port is told before anything is written. Until then every request is refused.
 */
final class LateService implements Service {
  private volatile @Nullable Service service;

  void set(Service present) {
    service = present;
  }

  @Override
  public CompletionStage<Payload> handle(Peer from, int method, Payload request) {
    Service present = service;
    if (present == null) {
      request.close();
      return CompletableFuture.failedFuture(new IOException("this node is starting"));
    }
    return present.handle(from, method, request);
  }
}
