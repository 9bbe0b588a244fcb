package io.pandofs.common.net;

import static io.pandofs.common.net.NetFixture.LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostileFramesTest {
  private static final int HOSTILE = 999;
  private static final Duration SILENCE = Duration.ofMillis(300);
  private static final FrameServer.Limits LIMITS =
      new FrameServer.Limits(32, 16, 16 << 20, 32 << 20, SILENCE, LONG);

  private final NetFixture net = new NetFixture();
  private final AtomicInteger hostileServed = new AtomicInteger();

  private final Service service =
      (from, method, request) -> {
        if (method == HOSTILE) {
          hostileServed.incrementAndGet();
        }
        return CompletableFuture.completedStage(request);
      };

  @AfterEach
  void close() {
    net.close();
  }

  /** The bytes of a right frame. */
  private static byte[] frame(Random random) {
    Payload payload = NetFixture.random(random, random.nextInt(64), random.nextInt(5000));
    ByteBuf frame =
        FrameEncoder.copy(
            UnpooledByteBufAllocator.DEFAULT, FrameHeader.REQUEST, HOSTILE, 5, payload);
    byte[] bytes = new byte[frame.readableBytes()];
    frame.readBytes(bytes);
    frame.release();
    return bytes;
  }

  private static byte[] hostile(Random random) {
    byte[] bytes = frame(random);
    switch (random.nextInt(5)) {
      case 0 -> random.nextBytes(bytes);
      case 1 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      case 2 -> bytes = Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length - 1));
      case 3 -> ByteBuffer.wrap(bytes).putInt(16 + 4 * random.nextInt(2), random.nextInt());
      default -> ByteBuffer.wrap(bytes).putInt(20, FrameHeader.BODY_BYTES_MAX);
    }
    return bytes;
  }

  @Test
  void aRightFrameOfThisTestIsServed() throws Exception {
    FrameServer server = net.serve(service, LIMITS, 0);
    byte[] bytes = frame(new Random(1));
    try (Socket socket = connect(server)) {
      socket.getOutputStream().write(bytes);
      assertThat(socket.getInputStream().readNBytes(bytes.length)).hasSize(bytes.length);
    }
    assertThat(hostileServed).hasValue(1);
  }

  @Test
  void garbageClosesItsConnectionAndHarmsNobody() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    FrameServer server = net.serve(service, LIMITS, 0);
    NettyConnections good = net.connections();
    for (int i = 0; i < 250; i++) {
      byte[] bytes = hostile(random);
      try (Socket socket = connect(server)) {
        send(socket, bytes);
        Payload request = NetFixture.random(random, 10, 1000);
        try (Payload answer = good.call(server.boundAddress(), 1, request, LONG).get()) {
          NetFixture.assertSame(answer, request);
        }
        if (random.nextInt(10) == 0) {
          assertThat(closedByServer(socket)).as("seed %d, round %d", seed, i).isTrue();
        }
      }
    }
    assertThat(hostileServed).as("seed %d", seed).hasValue(0);
    assertThat(net.threads.directBytesHeld()).isLessThan(70L << 20);
  }

  @Test
  void aClaimedLengthCostsNoMemoryAndASilentPeerIsDropped() throws Exception {
    FrameServer server = net.serve(service, LIMITS, 0);
    byte[] lie = frame(new Random(2));
    ByteBuffer.wrap(lie).putInt(20, FrameHeader.BODY_BYTES_MAX);
    Socket[] liars = new Socket[24];
    for (int i = 0; i < liars.length; i++) {
      liars[i] = connect(server);
      send(liars[i], lie);
    }
    for (Socket liar : liars) {
      assertThat(closedByServer(liar)).isTrue();
      liar.close();
    }
    // 24 claims of 8 MiB each.
    assertThat(net.threads.directBytesHeld()).isLessThan(70L << 20);
  }

  @Test
  void aPeerThatTakesNoAnswersIsDroppedAndItsAnswersGivenBack() throws Exception {
    AtomicInteger closed = new AtomicInteger();
    Service large = (from, method, request) -> largeAnswer(request, closed);
    FrameServer server = net.serve(large, LIMITS, 0);
    int requests = 8;
    try (Socket stopped = connect(server)) {
      byte[] request = frame(new Random(3));
      for (int i = 0; i < requests; i++) {
        send(stopped, request);
      }
      await().untilAsserted(() -> assertThat(closed).hasValue(requests));
    }
  }

  private static CompletableFuture<Payload> largeAnswer(Payload request, AtomicInteger closed) {
    request.close();
    ByteBuffer body = ByteBuffer.allocate(FrameHeader.BODY_BYTES_MAX);
    return CompletableFuture.completedFuture(
        new Payload() {
          @Override
          public ByteBuffer header() {
            return ByteBuffer.allocate(0);
          }

          @Override
          public ByteBuffer body() {
            return body.duplicate();
          }

          @Override
          public void close() {
            closed.incrementAndGet();
          }
        });
  }

  @Test
  void oneConnectionTooManyIsRefused() throws Exception {
    FrameServer.Limits one = new FrameServer.Limits(1, 16, 1 << 20, 1 << 20, LONG, LONG);
    FrameServer server = net.serve(service, one, 0);
    net.connections().call(server.boundAddress(), 1, Payload.of(new byte[1]), LONG).get().close();
    try (Socket second = connect(server)) {
      assertThat(closedByServer(second)).isTrue();
    }
  }

  private static Socket connect(FrameServer server) throws IOException {
    InetSocketAddress address = server.boundAddress();
    Socket socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static void send(Socket socket, byte[] bytes) throws IOException {
    try {
      OutputStream out = socket.getOutputStream();
      out.write(bytes);
    } catch (SocketException e) {
      // The server has closed it in the middle of our writing: as it should.
      assertThat(e).isNotNull();
    }
  }

  private static boolean closedByServer(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException e) {
      return true;
    }
  }
}
