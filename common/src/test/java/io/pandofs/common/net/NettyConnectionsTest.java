package io.pandofs.common.net;

import static io.pandofs.common.net.NetFixture.CLIENT;
import static io.pandofs.common.net.NetFixture.ECHO;
import static io.pandofs.common.net.NetFixture.LONG;
import static io.pandofs.common.net.NetFixture.SERVER;
import static io.pandofs.common.net.NetFixture.loopback;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NettyConnectionsTest {
  private final NetFixture net = new NetFixture();
  private final Random random = new Random(7);

  @AfterEach
  void close() {
    net.close();
  }

  @Test
  void anAnswerCarriesWhatTheServiceGave() throws Exception {
    FrameServer server = net.serve(ECHO);
    NettyConnections connections = net.connections();
    int[][] sizes = {{0, 0}, {1, 0}, {0, 1}, {17, 65536}, {1 << 20, 8 << 20}, {3, 4 << 20}};
    for (int[] size : sizes) {
      Payload request = NetFixture.random(random, size[0], size[1]);
      try (Payload answer = connections.call(server.boundAddress(), 65535, request, LONG).get()) {
        NetFixture.assertSame(answer, request);
      }
    }
  }

  @Test
  void theServiceSeesTheMethod() throws Exception {
    FrameServer server =
        net.serve(
            (from, method, request) -> {
              request.close();
              return CompletableFuture.completedStage(Payload.of(new byte[method]));
            });
    try (Payload answer =
        net.connections().call(server.boundAddress(), 42, Payload.of(new byte[0]), LONG).get()) {
      assertThat(answer.header().remaining()).isEqualTo(42);
    }
  }

  @Test
  void directBuffersAreCarriedToo() throws Exception {
    FrameServer server = net.serve(ECHO);
    ByteBuffer body = ByteBuffer.allocateDirect(100_000);
    body.put(500, (byte) 9).position(100).limit(90_000);
    Payload request = Payload.of(ByteBuffer.allocateDirect(5), body);
    try (Payload answer = net.connections().call(server.boundAddress(), 1, request, LONG).get()) {
      NetFixture.assertSame(answer, request);
    }
  }

  @Test
  void manyCallersShareAConnection() throws Exception {
    FrameServer server = net.serve(ECHO);
    NettyConnections connections = net.connections();
    ExecutorService callers = Executors.newFixedThreadPool(8);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int seed = i;
      all.add(callers.submit(() -> callMany(connections, server.boundAddress(), seed)));
    }
    for (Future<?> each : all) {
      each.get();
    }
    callers.shutdown();
  }

  private static Void callMany(NettyConnections connections, InetSocketAddress to, int seed)
      throws Exception {
    Random mine = new Random(seed);
    for (int i = 0; i < 150; i++) {
      Payload request = NetFixture.random(mine, mine.nextInt(50), mine.nextInt(200_000));
      try (Payload answer = connections.call(to, i, request, LONG).get()) {
        NetFixture.assertSame(answer, request);
      }
    }
    return null;
  }

  @Test
  void aFailureIsToldInOneLine() throws Exception {
    FrameServer server =
        net.serve(
            (from, method, request) -> {
              request.close();
              if (method == 1) {
                throw new IllegalStateException("thrown\nhere");
              }
              return CompletableFuture.failedFuture(new IOException("disk is gone"));
            });
    NettyConnections connections = net.connections();
    assertThatThrownBy(
            () -> connections.call(server.boundAddress(), 2, Payload.of(new byte[0]), LONG).get())
        .hasCauseInstanceOf(RemoteException.class)
        .hasMessageContaining("disk is gone");
    assertThatThrownBy(
            () -> connections.call(server.boundAddress(), 1, Payload.of(new byte[0]), LONG).get())
        .hasCauseInstanceOf(RemoteException.class)
        .hasMessageContaining("thrown here");
  }

  @Test
  void whatFitsNoFrameIsRefusedOnEitherSide() throws Exception {
    FrameServer server =
        net.serve(
            (from, method, request) -> {
              request.close();
              return CompletableFuture.completedStage(Payload.of(new byte[(1 << 20) + 1]));
            });
    NettyConnections connections = net.connections();
    Payload large = Payload.of(ByteBuffer.allocate(0), ByteBuffer.allocate((8 << 20) + 1));
    assertThatThrownBy(() -> connections.call(server.boundAddress(), 1, large, LONG).get())
        .hasCauseInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> connections.call(server.boundAddress(), 1, Payload.of(new byte[0]), LONG).get())
        .hasCauseInstanceOf(RemoteException.class);
  }

  @Test
  void aDeadlineEndsOneCallOnly() throws Exception {
    Queue<CompletableFuture<Payload>> held = new ConcurrentLinkedQueue<>();
    FrameServer server =
        net.serve(
            (from, method, request) -> {
              if (method == 1) {
                return CompletableFuture.completedStage(request);
              }
              request.close();
              CompletableFuture<Payload> answer = new CompletableFuture<>();
              held.add(answer);
              return answer;
            });
    NettyConnections connections = net.connections();
    InetSocketAddress to = server.boundAddress();
    CompletableFuture<Payload> patient = connections.call(to, 2, Payload.of(new byte[1]), LONG);
    await().until(() -> held.size() == 1);
    assertThatThrownBy(
            () -> connections.call(to, 2, Payload.of(new byte[2]), Duration.ofMillis(50)).get())
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining("no answer");
    assertThat(patient).isNotDone();
    // Both answers come, the second too late: it is dropped.
    held.forEach(each -> each.complete(Payload.of(new byte[4])));
    patient.get().close();
    connections.call(to, 1, Payload.of(new byte[3]), LONG).get().close();
  }

  @Test
  void whenAConnectionBreaksAllItsCallsFailAndTheNextOneReconnects() throws Exception {
    Service never =
        (from, method, request) -> {
          request.close();
          return new CompletableFuture<>();
        };
    FrameServer server = net.serve(never);
    InetSocketAddress to = server.boundAddress();
    NettyConnections connections = net.connections();
    List<CompletableFuture<Payload>> calls = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      calls.add(connections.call(to, 1, Payload.of(new byte[10]), LONG));
    }
    server.close();
    for (CompletableFuture<Payload> call : calls) {
      assertThatThrownBy(call::get).hasCauseInstanceOf(IOException.class);
    }
    // Until the event loop lets go of the closed listener, the kernel takes connections for it.
    await()
        .untilAsserted(
            () ->
                assertThatThrownBy(
                        () -> connections.call(to, 1, Payload.of(new byte[1]), LONG).get())
                    .hasCauseInstanceOf(ConnectionRefusedException.class)
                    .hasMessageContaining("cannot connect"));
    net.serve(ECHO, SERVER, to.getPort());
    connections.call(to, 1, Payload.of(new byte[1]), LONG).get().close();
  }

  @Test
  void aPeerThatSaysNothingIsGivenUp() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      NettyConnections connections =
          net.connections(
              new NettyConnections.Limits(
                  1 << 20, 1 << 20, 100, LONG, Duration.ofMillis(200), LONG));
      InetSocketAddress to = loopback(silent.getLocalPort());
      CompletableFuture<Payload> patient = connections.call(to, 1, Payload.of(new byte[1]), LONG);
      CompletableFuture<Payload> hasty =
          connections.call(to, 1, Payload.of(new byte[1]), Duration.ofMillis(50));
      assertThatThrownBy(hasty::get).hasMessageContaining("no answer");
      assertThatThrownBy(patient::get).hasMessageContaining("nothing has come");
    }
  }

  @Test
  void anIdleConnectionIsClosedAndMadeAgain() throws Exception {
    FrameServer server = net.serve(ECHO);
    NettyConnections connections =
        net.connections(
            new NettyConnections.Limits(
                CLIENT.outstandingBytes(),
                CLIENT.waitingBytes(),
                CLIENT.calls(),
                LONG,
                LONG,
                Duration.ofMillis(20)));
    for (int i = 0; i < 30; i++) {
      connections.call(server.boundAddress(), 1, Payload.of(new byte[1]), LONG).get().close();
      if (i % 10 == 0) {
        await().until(connections::openConnections, count -> count == 0);
      }
    }
  }

  @Test
  void aLyingServerFailsItsCallersOnly() throws Exception {
    byte[] garbage = "HTTP/1.1 400 Bad Request, and so on".getBytes(StandardCharsets.US_ASCII);
    try (ServerSocket liar = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      NettyConnections connections = net.connections();
      CompletableFuture<Payload> call =
          connections.call(loopback(liar.getLocalPort()), 1, Payload.of(new byte[1]), LONG);
      try (Socket accepted = liar.accept()) {
        accepted.getOutputStream().write(garbage);
        assertThatThrownBy(call::get).hasMessageContaining("not a Pando frame");
      }
      FrameServer server = net.serve(ECHO);
      connections.call(server.boundAddress(), 1, Payload.of(new byte[1]), LONG).get().close();
    }
  }

  @Test
  void afterCloseNothingIsCalled() throws Exception {
    FrameServer server =
        net.serve(
            (from, method, request) -> {
              request.close();
              return new CompletableFuture<>();
            });
    NettyConnections connections = net.connections();
    CompletableFuture<Payload> call =
        connections.call(server.boundAddress(), 1, Payload.of(new byte[1]), LONG);
    connections.close();
    assertThatThrownBy(call::get).hasMessageContaining("closed");
    assertThatThrownBy(
            () -> connections.call(server.boundAddress(), 1, Payload.of(new byte[1]), LONG).get())
        .hasMessageContaining("closed");
  }
}
