package io.pandofs.common.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.slf4j.LoggerFactory;

/** Threads, servers and connections of one test; its end proves that no buffer was lost. */
final class NetFixture implements AutoCloseable {
  static final Duration LONG = Duration.ofSeconds(60);
  static final NettyConnections.Limits CLIENT =
      new NettyConnections.Limits(4 << 20, 32 << 20, 1000, LONG, LONG, LONG);
  static final FrameServer.Limits SERVER =
      new FrameServer.Limits(64, 64, 16 << 20, 32 << 20, LONG, LONG);

  /** Answers with what came. */
  static final Service ECHO = (from, method, request) -> CompletableFuture.completedStage(request);

  final NetThreads threads;
  final List<Runnable> open = new ArrayList<>();
  private final ListAppender<ILoggingEvent> leaks = new ListAppender<>();
  private final Logger leakLog = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);

  NetFixture() {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    leaks.start();
    leakLog.addAppender(leaks);
    threads = new NetThreads("net-test", 2);
  }

  FrameServer serve(Service service) throws IOException {
    return serve(service, SERVER, 0);
  }

  FrameServer serve(Service service, FrameServer.Limits limits, int port) throws IOException {
    FrameServer server = FrameServer.bind(threads, loopback(port), service, limits);
    open.add(server::close);
    return server;
  }

  NettyConnections connections() {
    return connections(CLIENT);
  }

  NettyConnections connections(NettyConnections.Limits limits) {
    NettyConnections made = new NettyConnections(threads, limits);
    open.add(made::close);
    return made;
  }

  static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  static Payload random(Random random, int headerLength, int bodyLength) {
    byte[] header = new byte[headerLength];
    byte[] body = new byte[bodyLength];
    random.nextBytes(header);
    random.nextBytes(body);
    return Payload.of(ByteBuffer.wrap(header), ByteBuffer.wrap(body));
  }

  static void assertSame(Payload actual, Payload expected) {
    assertThat(actual.header()).isEqualTo(expected.header());
    assertThat(actual.body()).isEqualTo(expected.body());
  }

  @Override
  public void close() {
    open.forEach(Runnable::run);
    try {
      await().untilAsserted(() -> assertThat(threads.buffersInUse()).isZero());
    } finally {
      threads.close();
      leakLog.detachAppender(leaks);
    }
    assertThat(leaks.list).isEmpty();
  }
}
