package io.pandofs.common.net;

import io.pandofs.common.NodeId;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The asking side of connections: one multiplexed connection a peer, made when needed. */
public interface Connections extends AutoCloseable {
  /**
   * Sends a request and completes with the answer, which the receiver closes. Fails with {@link
   * RemoteException} if the other side says so, with {@link ConnectionRefusedException} if nobody
   * listens there, with another {@code IOException} if the connection cannot be made otherwise,
   * breaks, or the deadline passes: then the request may or may not have been served. Buffers of
   * the request must not change until the future is done.
   */
  CompletableFuture<Payload> call(
      InetSocketAddress to, int method, Payload request, Duration deadline);

  /**
   * The same connections for calls that are for this node alone: where another one answers at the
   * address, they fail. (Without encryption nobody can tell, and this is what it is made from.)
   * Closing it does nothing.
   */
  Connections expecting(NodeId node);

  @Override
  void close();
}
