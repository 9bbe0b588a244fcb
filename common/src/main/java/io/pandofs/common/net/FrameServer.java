package io.pandofs.common.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.time.SystemClock;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answering side of connections: listens and hands requests to a {@link Service}. A peer that
 * sends what is no frame loses its connection, with one line in the log, and disturbs nobody else.
 *
 * <p>Memory: requests in service are bounded by {@link Limits#bytesTotal} plus one frame a
 * connection; answers not yet written by {@link Limits#requestsPerConnection} a connection, and by
 * the service, which learns of each written answer by its close. Of connections that have not shown
 * a member's certificate there are few at a time, for a short time, with small requests.
 */
public final class FrameServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FrameServer.class);

  /** Connections that have shown no certificate, and may ask to join; likewise. */
  private static final int NEWCOMERS_MAX = 8;

  private static final int NEWCOMERS_OF_ADDRESS_MAX = 4;

  /**
   * What a server takes on at most.
   *
   * @param connections open at a time; more are closed at once
   * @param requestsPerConnection in service; at that number the connection is not read from
   * @param bytesPerConnection of requests in service; likewise
   * @param bytesTotal of requests in service over all connections; likewise
   * @param silence how long a peer may stop in the middle of a frame; one that takes nothing of its
   *     answers for twice as long loses them
   * @param idle how long a connection may do nothing at all
   */
  public record Limits(
      int connections,
      int requestsPerConnection,
      long bytesPerConnection,
      long bytesTotal,
      Duration silence,
      Duration idle) {
    public static final Limits DEFAULT =
        new Limits(256, 128, 16 << 20, 48 << 20, Duration.ofSeconds(20), Duration.ofMinutes(10));
  }

  private final NetThreads threads;
  private final @Nullable Tls tls;
  private final Service service;
  private final Limits limits;
  private final ServiceBudget budget;
  private final ChannelGroup connections =
      new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
  private final LimitedLog strangers;
  private final Unproved<Channel> unknown =
      new Unproved<>(Unproved.STRANGERS_MAX, Unproved.STRANGERS_OF_ADDRESS_MAX);
  private final Unproved<Channel> newcomers =
      new Unproved<>(NEWCOMERS_MAX, NEWCOMERS_OF_ADDRESS_MAX);
  private final Channel listener;

  private FrameServer(
      NetThreads threads,
      InetSocketAddress address,
      @Nullable Tls tls,
      Service service,
      Limits limits)
      throws IOException {
    this.threads = threads;
    this.tls = tls;
    this.service = service;
    this.limits = limits;
    this.strangers = new LimitedLog(LOG, new SystemClock());
    this.budget = new ServiceBudget(limits.bytesTotal());
    this.listener = listen(address);
  }

  /**
   * Listens on an address; port 0 takes a free one.
   *
   * @throws IOException the address cannot be had; the message names it
   */
  public static FrameServer bind(
      NetThreads threads, InetSocketAddress address, Service service, Limits limits)
      throws IOException {
    return new FrameServer(threads, address, null, service, limits);
  }

  /**
   * As above, encrypted: whoever does not show a certificate of the cluster is refused, or may ask
   * only what is open to newcomers.
   */
  public static FrameServer bind(
      NetThreads threads, InetSocketAddress address, Tls tls, Service service, Limits limits)
      throws IOException {
    return new FrameServer(threads, address, tls, service, limits);
  }

  private Channel listen(InetSocketAddress address) throws IOException {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(threads.group())
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    accept(channel);
                  }
                });
    threads.options().forEach((option, value) -> setChildOption(bootstrap, option, value));
    ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(
          "cannot listen on " + address + ": " + bound.cause().getMessage(), bound.cause());
    }
    return bound.channel();
  }

  @SuppressWarnings("unchecked") // the map pairs each option with a value of its type
  private static void setChildOption(
      ServerBootstrap bootstrap, ChannelOption<?> option, Object value) {
    bootstrap.childOption((ChannelOption<Object>) option, value);
  }

  @SuppressWarnings(
      "FutureReturnValueIgnored") // Netty tells of failed writes and closes by other events
  private void accept(SocketChannel channel) {
    InetSocketAddress peer = channel.remoteAddress();
    if (peer == null) {
      channel.close(); // it has gone already
      return;
    }
    if (connections.size() >= limits.connections()) {
      strangers.warn(
          "refusing the connection from " + peer + ": " + limits.connections() + " are open");
      channel.close();
      return;
    }
    FrameDecoder decoder = new FrameDecoder();
    ServerConnection connection =
        new ServerConnection(Peer.plain(peer), service, limits, budget, decoder, strangers);
    List<ChannelHandler> encryption = List.of();
    if (tls != null) {
      takeIn(unknown, channel, peer);
      encryption = encryption(channel, peer, tls, connection);
    }
    connections.add(channel);
    threads.setUp(channel, encryption, limits.silence(), limits.idle(), decoder, connection);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // Netty tells of closes by other events
  private void takeIn(Unproved<Channel> among, Channel channel, InetSocketAddress peer) {
    Channel gone = among.add(channel, peer);
    if (gone != null) {
      strangers.warn(
          "closing the oldest connection that has not shown to be a member's, for one from "
              + peer);
      gone.close();
    }
  }

  /** A connection counts as unknown until it shows whose it is, or that it is nobody's, or ends. */
  @SuppressWarnings("FutureReturnValueIgnored") // a listener of the channel's end
  private List<ChannelHandler> encryption(
      SocketChannel channel, InetSocketAddress peer, Tls with, ServerConnection connection) {
    channel
        .closeFuture()
        .addListener(
            closed -> {
              unknown.remove(channel);
              newcomers.remove(channel);
            });
    SslHandler handler = with.server(channel.alloc());
    return List.of(
        handler,
        new TlsGate(
            peer,
            with,
            handler,
            known -> {
              connection.known(known, with);
              unknown.remove(channel);
              if (known.kind() != Peer.Kind.MEMBER) {
                takeIn(newcomers, channel, peer);
              }
            },
            strangers));
  }

  /** Where it listens, with the port that was taken. */
  public InetSocketAddress boundAddress() {
    return (InetSocketAddress) listener.localAddress();
  }

  /** Stops listening and closes every connection; requests in service find nobody to answer. */
  @Override
  public void close() {
    listener.close().awaitUninterruptibly();
    connections.close().awaitUninterruptibly();
  }
}
