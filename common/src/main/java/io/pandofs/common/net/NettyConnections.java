package io.pandofs.common.net;

import io.pandofs.common.NodeId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a process to its peers. Thread-safe. Futures complete on I/O threads: what
 * depends on them must not block, or must move elsewhere.
 *
 * <p>Cancelling a future takes a request back if it has not been sent; one that was sent may be
 * served. A cancelled request's buffers may still be read for a moment.
 */
public final class NettyConnections implements Connections {
  /**
   * Bounds for one connection.
   *
   * @param outstandingBytes of requests that are sent and not answered; over it calls wait
   * @param waitingBytes of requests that are sent or wait; over it calls are refused
   * @param calls that are sent or wait; over it calls are refused
   * @param connectTimeout how long making the connection may take
   * @param silence a connection on which a call's deadline has passed and nothing has come for so
   *     long is broken
   * @param idle how long a connection may do nothing at all
   */
  public record Limits(
      long outstandingBytes,
      long waitingBytes,
      int calls,
      Duration connectTimeout,
      Duration silence,
      Duration idle) {
    public static final Limits DEFAULT =
        new Limits(
            16 << 20,
            64 << 20,
            4096,
            Duration.ofSeconds(3),
            Duration.ofSeconds(10),
            Duration.ofMinutes(5));
  }

  private final NetThreads threads;
  private final Limits limits;
  private final @Nullable Tls tls;
  private final ConcurrentHashMap<Target, PeerConnection> peers = new ConcurrentHashMap<>();
  private final Owner owner = new Owner();
  private volatile boolean closed;

  /**
   * Whom calls are for.
   *
   * @param node the one that must answer there; null for any
   */
  record Target(InetSocketAddress address, @Nullable NodeId node) {
    @Override
    public String toString() {
      return node == null ? address.toString() : node + " at " + address;
    }
  }

  /** Connections without encryption. The threads are shared and stay open when this is closed. */
  public NettyConnections(NetThreads threads, Limits limits) {
    this(threads, null, limits);
  }

  /** Connections that are encrypted and know the other end; without {@code tls} they do not. */
  public NettyConnections(NetThreads threads, @Nullable Tls tls, Limits limits) {
    this.threads = threads;
    this.tls = tls;
    this.limits = limits;
  }

  @Override
  public CompletableFuture<Payload> call(
      InetSocketAddress to, int method, Payload request, Duration deadline) {
    return call(new Target(to, null), method, request, deadline);
  }

  @Override
  public Connections expecting(NodeId node) {
    return new Expecting(node);
  }

  private final class Expecting implements Connections {
    private final NodeId node;

    Expecting(NodeId node) {
      this.node = node;
    }

    @Override
    public CompletableFuture<Payload> call(
        InetSocketAddress to, int method, Payload request, Duration deadline) {
      Target target = new Target(to, tls == null ? null : node);
      return NettyConnections.this.call(target, method, request, deadline);
    }

    @Override
    public Connections expecting(NodeId other) {
      return new Expecting(other);
    }

    @Override
    public void close() {
      // What is shared is closed by who made it.
    }
  }

  private CompletableFuture<Payload> call(
      Target to, int method, Payload request, Duration deadline) {
    if (method < 0 || method > FrameHeader.METHOD_MAX || !FrameEncoder.fits(request)) {
      return CompletableFuture.failedFuture(
          new IllegalArgumentException("no frame can carry this request, method " + method));
    }
    PendingCall call = new PendingCall(method, request, deadline);
    dispatch(call, to);
    return call.result;
  }

  private void dispatch(PendingCall call, Target to) {
    if (closed) {
      call.result.completeExceptionally(closedException());
      return;
    }
    peers
        .computeIfAbsent(to, target -> new PeerConnection(target, threads, tls, limits, owner))
        .submit(call);
    if (closed) {
      // A close that came in between may have missed this peer.
      endAll();
    }
  }

  private final class Owner implements PeerConnection.Owner {
    @Override
    public void ended(PeerConnection connection) {
      peers.remove(connection.peer(), connection);
    }

    @Override
    public void missed(PendingCall call, NettyConnections.Target to) {
      dispatch(call, to);
    }
  }

  /** How many peers are connected, or being connected. */
  public int openConnections() {
    return peers.size();
  }

  private static IOException closedException() {
    return new IOException("the connections are closed");
  }

  private void endAll() {
    peers.values().forEach(peer -> peer.close(closedException()));
  }

  /** Closes every connection; calls that are not answered fail. */
  @Override
  public void close() {
    closed = true;
    endAll();
  }
}
