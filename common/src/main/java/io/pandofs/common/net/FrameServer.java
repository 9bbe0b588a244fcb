package io.pandofs.common.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answering side of connections: listens and hands requests to a {@link Service}. A peer that
 * sends what is no frame loses its connection, with one line in the log, and disturbs nobody else.
 *
 * <p>Memory: requests in service are bounded by {@link Limits#bytesTotal} plus one frame a
 * connection; answers not yet written by {@link Limits#requestsPerConnection} a connection, and by
 * the service, which learns of each written answer by its close.
 */
public final class FrameServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FrameServer.class);

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
  private final Service service;
  private final Limits limits;
  private final ServiceBudget budget;
  private final ChannelGroup connections =
      new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
  private final Channel listener;

  private FrameServer(NetThreads threads, InetSocketAddress address, Service service, Limits limits)
      throws IOException {
    this.threads = threads;
    this.service = service;
    this.limits = limits;
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
    return new FrameServer(threads, address, service, limits);
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
    if (connections.size() >= limits.connections()) {
      LOG.warn("refusing the connection from {}: {} are open", peer, limits.connections());
      channel.close();
      return;
    }
    connections.add(channel);
    FrameDecoder decoder = new FrameDecoder();
    threads.setUp(
        channel,
        limits.silence(),
        limits.idle(),
        decoder,
        new ServerConnection(peer, service, limits, budget, decoder));
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
