package io.pandofs.tools.node;

import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.net.Service;
import io.pandofs.meta.raft.ControlMethods;
import io.pandofs.tools.space.ClusterSpace;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Gives a request of the control server to the service whose method it asks for. */
final class ControlRouter implements Service {
  private final Service metadata;
  private final Service space;
  private final Service reports;
  private final Service lastSync;

  ControlRouter(Service metadata, Service space, Service reports, Service lastSync) {
    this.metadata = metadata;
    this.space = space;
    this.reports = reports;
    this.lastSync = lastSync;
  }

  @Override
  public CompletionStage<Payload> handle(Peer from, int method, Payload request) {
    if (ControlMethods.includes(method)) {
      return metadata.handle(from, method, request);
    }
    if (method == NodeReports.REPORT) {
      return reports.handle(from, method, request);
    }
    if (method == LastSync.LAST_SYNC) {
      return lastSync.handle(from, method, request);
    }
    if (ClusterSpace.includes(method)) {
      return space.handle(from, method, request);
    }
    request.close();
    return CompletableFuture.failedFuture(new IOException("there is no method " + method));
  }
}
