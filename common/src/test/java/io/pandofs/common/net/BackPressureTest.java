package io.pandofs.common.net;

import static io.pandofs.common.net.NetFixture.LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BackPressureTest {
  private static final int BODY = 100_000;
  private final NetFixture net = new NetFixture();

  @AfterEach
  void close() {
    net.close();
  }

  /** Holds every request until told to answer it. */
  private static final class Holding implements Service {
    final Queue<Payload> requests = new ConcurrentLinkedQueue<>();
    final Queue<CompletableFuture<Payload>> answers = new ConcurrentLinkedQueue<>();
    final AtomicInteger inService = new AtomicInteger();
    final AtomicInteger mostInService = new AtomicInteger();
    final AtomicInteger served = new AtomicInteger();

    @Override
    public CompletableFuture<Payload> handle(Peer from, int method, Payload request) {
      mostInService.accumulateAndGet(inService.incrementAndGet(), Math::max);
      CompletableFuture<Payload> answer = new CompletableFuture<>();
      answers.add(answer);
      requests.add(request);
      return answer;
    }

    boolean answerOne() {
      Payload request = requests.poll();
      if (request == null) {
        return false;
      }
      CompletableFuture<Payload> answer = answers.remove();
      inService.decrementAndGet();
      served.incrementAndGet();
      request.close();
      answer.complete(Payload.of(new byte[1]));
      return true;
    }
  }

  private static Payload body() {
    return Payload.of(ByteBuffer.allocate(0), ByteBuffer.allocate(BODY));
  }

  @Test
  void aServerTakesNoMoreRequestsThanItsLimitAndAllAreServedInTheEnd() throws Exception {
    Holding service = new Holding();
    FrameServer server =
        net.serve(service, new FrameServer.Limits(8, 5, 64 << 20, 64 << 20, LONG, LONG), 0);
    NettyConnections connections = net.connections();
    assertAllServed(service, server, connections, 100);
    assertThat(service.mostInService).hasValue(5);
  }

  @Test
  void aServerTakesNoMoreBytesThanItsLimit() throws Exception {
    Holding service = new Holding();
    FrameServer server =
        net.serve(service, new FrameServer.Limits(8, 1000, 3 * BODY, 64 << 20, LONG, LONG), 0);
    assertAllServed(service, server, net.connections(), 100);
    assertThat(service.mostInService.get()).isBetween(2, 4);
  }

  @Test
  void aServerBoundsTheBytesOfAllConnectionsTogether() throws Exception {
    Holding service = new Holding();
    FrameServer server =
        net.serve(service, new FrameServer.Limits(8, 1000, 64 << 20, 5 * BODY, LONG, LONG), 0);
    List<CompletableFuture<Payload>> calls = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      NettyConnections connections = net.connections();
      for (int j = 0; j < 50; j++) {
        calls.add(connections.call(server.boundAddress(), 1, body(), LONG));
      }
    }
    finish(service, calls);
    // One frame a connection over the budget.
    assertThat(service.mostInService.get()).isBetween(5, 5 + 1 + 3);
  }

  private static void assertAllServed(
      Holding service, FrameServer server, NettyConnections connections, int count)
      throws Exception {
    List<CompletableFuture<Payload>> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      calls.add(connections.call(server.boundAddress(), 1, body(), LONG));
    }
    finish(service, calls);
  }

  private static void finish(Holding service, List<CompletableFuture<Payload>> calls)
      throws Exception {
    await()
        .pollInterval(Duration.ofMillis(2))
        .atMost(LONG)
        .until(
            () -> {
              while (service.answerOne()) {
                // Until it holds none.
              }
              return service.served.get() == calls.size();
            });
    for (CompletableFuture<Payload> call : calls) {
      call.get().close();
    }
  }

  @Test
  void aCallerThatIsTooFastIsRefused() throws Exception {
    Holding service = new Holding();
    FrameServer server =
        net.serve(service, new FrameServer.Limits(8, 2, 64 << 20, 64 << 20, LONG, LONG), 0);
    NettyConnections connections =
        net.connections(new NettyConnections.Limits(4 * BODY, 20 * BODY, 1000, LONG, LONG, LONG));
    List<CompletableFuture<Payload>> taken = new ArrayList<>();
    int refused = 0;
    for (int i = 0; i < 100; i++) {
      CompletableFuture<Payload> call = connections.call(server.boundAddress(), 1, body(), LONG);
      if (call.isCompletedExceptionally()) {
        refused++;
        assertThatThrownBy(call::get)
            .hasCauseInstanceOf(IOException.class)
            .hasMessageContaining("too much");
      } else {
        taken.add(call);
      }
    }
    assertThat(refused).isBetween(80, 81);
    // What waits here is the callers' own: the pool holds what was sent, and no more.
    assertThat(net.threads.directBytesHeld()).isLessThanOrEqualTo(32 << 20);
    finish(service, taken);
    CompletableFuture<Payload> late = connections.call(server.boundAddress(), 1, body(), LONG);
    await().until(service::answerOne);
    late.get().close();
  }

  /** A peer that asks and asks and never reads an answer. */
  @Test
  void answersThatAreNotReadAreBounded() throws Exception {
    AtomicInteger open = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger asked = new AtomicInteger();
    FrameServer server =
        net.serve(
            (from, method, request) -> {
              request.close();
              asked.incrementAndGet();
              most.accumulateAndGet(open.incrementAndGet(), Math::max);
              return CompletableFuture.completedStage(new Counted(1 << 20, open));
            },
            new FrameServer.Limits(8, 6, 1 << 20, 1 << 20, LONG, LONG),
            0);
    ByteBuf one =
        FrameEncoder.copy(
            UnpooledByteBufAllocator.DEFAULT, FrameHeader.REQUEST, 1, 1, Payload.of(new byte[8]));
    try (SocketChannel peer = SocketChannel.open(server.boundAddress())) {
      for (int i = 0; i < 500; i++) {
        ByteBuffer bytes = one.nioBuffer();
        while (bytes.hasRemaining()) {
          peer.write(bytes);
        }
      }
      await().until(() -> open.get() == 6);
      assertThat(most).hasValue(6);
      assertThat(asked.get()).isLessThan(100);
    } finally {
      one.release();
    }
    await().untilAsserted(() -> assertThat(open).hasValue(0));
  }

  /** An answer that counts itself until it is closed. */
  private record Counted(int bytes, AtomicInteger open) implements Payload {
    @Override
    public ByteBuffer header() {
      return ByteBuffer.allocate(0);
    }

    @Override
    public ByteBuffer body() {
      return ByteBuffer.allocate(bytes);
    }

    @Override
    public void close() {
      open.decrementAndGet();
    }
  }
}
