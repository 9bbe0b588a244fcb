package io.pandofs.common.net;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The I/O threads and direct buffers that a process's servers and connections share, and the one
 * place where a channel is set up, with its encryption if it has any.
 *
 * <p>Close it after the servers and connections that use it, and not on one of its threads.
 */
public final class NetThreads implements AutoCloseable {
  private static final int PAGE_BYTES = 8192;

  /** Chunks of 16 MiB: the largest frame fits into one. */
  private static final int CHUNK_ORDER = 11;

  private static final WriteBufferWaterMark WRITE_MARKS =
      new WriteBufferWaterMark(512 << 10, 2 << 20);
  private static final Duration SHUTDOWN_MAX = Duration.ofSeconds(2);

  private final EventLoopGroup group;
  private final PooledByteBufAllocator allocator;

  /**
   * @param name of the threads, which are daemons
   * @param threads how many; two are plenty for a node
   */
  public NetThreads(String name, int threads) {
    group = new NioEventLoopGroup(threads, new DefaultThreadFactory(name, true));
    // No thread caches: frames are large, and what is given back shall be counted as given back.
    allocator = new PooledByteBufAllocator(true, 0, threads, PAGE_BYTES, CHUNK_ORDER, 0, 0, false);
  }

  /** Bytes of direct memory that the pool holds, in use or kept for the next frame. */
  public long directBytesHeld() {
    return allocator.metric().usedDirectMemory();
  }

  /** Buffers handed out and not given back yet. */
  long buffersInUse() {
    return allocator.metric().directArenas().stream()
        .mapToLong(arena -> arena.numActiveAllocations())
        .sum();
  }

  EventLoopGroup group() {
    return group;
  }

  /** Options of every connection, on either side. */
  Map<ChannelOption<?>, Object> options() {
    return Map.of(
        ChannelOption.ALLOCATOR,
        allocator,
        ChannelOption.TCP_NODELAY,
        true,
        ChannelOption.SO_KEEPALIVE,
        true,
        ChannelOption.WRITE_BUFFER_WATER_MARK,
        WRITE_MARKS);
  }

  /**
   * Sets up a new connection of either side: encryption, silence, frames, what is done with them.
   *
   * @param encryption what goes between the wire and the rest; may be empty
   */
  void setUp(
      Channel channel,
      List<? extends ChannelHandler> encryption,
      Duration silence,
      Duration idle,
      FrameDecoder decoder,
      ChannelHandler last) {
    encryption.forEach(handler -> channel.pipeline().addLast(handler));
    channel
        .pipeline()
        .addLast(
            new IdleStateHandler(silence.toMillis(), 0, idle.toMillis(), TimeUnit.MILLISECONDS),
            decoder,
            last);
  }

  @Override
  public void close() {
    group
        .shutdownGracefully(0, SHUTDOWN_MAX.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly();
  }
}
