package io.pandofs.tools.node;

import io.pandofs.common.LimitedLog;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.net.Service;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/**
 * A service without those who have been members: removed nodes, and those that were left behind
 * when the cluster went on with a survivor. Their certificates are still in order. As thread-safe
 * as the service is.
 */
final class MembersOnly implements Service {
  private final Service service;
  private final IntPredicate openToFormer;
  private final Predicate<NodeId> hasLeft;
  private final LimitedLog refusals;

  /**
   * @param openToFormer which methods are theirs all the same: to join anew
   * @param hasLeft asked for each request, on the thread that reads it
   */
  MembersOnly(
      Service service, IntPredicate openToFormer, Predicate<NodeId> hasLeft, LimitedLog refusals) {
    this.service = service;
    this.openToFormer = openToFormer;
    this.hasLeft = hasLeft;
    this.refusals = refusals;
  }

  @Override
  public CompletionStage<Payload> handle(Peer from, int method, Payload request) {
    NodeId node = from.node();
    if (node != null && !openToFormer.test(method) && hasLeft.test(node)) {
      request.close();
      refusals.warn("refusing " + from + ": it is no member of this cluster any more");
      return CompletableFuture.failedFuture(
          new IOException(node + " is no member of this cluster any more"));
    }
    return service.handle(from, method, request);
  }
}
