package io.pandofs.common.net;

import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.identity.Admission;
import io.pandofs.common.identity.CertificateAuthority;
import io.pandofs.common.identity.Certificates;
import io.pandofs.common.identity.Credentials;
import io.pandofs.common.identity.Keyring;
import io.pandofs.common.identity.PeerName;
import io.pandofs.common.time.SystemClock;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How fast requests of 1 MiB, four at a time, go over one connection of loopback, from the start of
 * the process on. Not a test: {@code tests/bench/tls} runs it, with {@code plain} for a connection
 * without TLS.
 */
final class TlsBenchmark {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final SystemClock CLOCK = new SystemClock();
  private static final int MIB = 1 << 20;
  private static final int ROUNDS = 12;
  private static final int REQUESTS = 150;
  private static final int AT_ONCE = 4;

  private TlsBenchmark() {}

  private static Tls member(CertificateAuthority authority, long node, Timestamp now) {
    KeyPair key = Certificates.newKey(new SecureRandom());
    PeerName name = new PeerName(1, new NodeId(node));
    return Tls.member(
        new Keyring(
            new Credentials(
                key.getPrivate(),
                authority.sign(key.getPublic(), name, now),
                authority.certificate())),
        Admission.ALL);
  }

  private static double mibPerSecond(Connections client, InetSocketAddress to) throws Exception {
    ByteBuffer body = ByteBuffer.allocateDirect(MIB);
    Queue<CompletableFuture<Payload>> underWay = new ArrayDeque<>();
    long began = CLOCK.nanoTime();
    for (int n = 0; n < REQUESTS; n++) {
      Payload request = Payload.of(ByteBuffer.allocate(8), body.duplicate());
      underWay.add(client.call(to, 1, request, PATIENCE).toCompletableFuture());
      if (underWay.size() == AT_ONCE) {
        underWay.remove().get().close();
      }
    }
    while (!underWay.isEmpty()) {
      underWay.remove().get().close();
    }
    return REQUESTS * (double) TimeUnit.SECONDS.toNanos(1) / (CLOCK.nanoTime() - began);
  }

  public static void main(String[] args) throws Exception {
    boolean plain = args.length > 0 && "plain".equals(args[0]);
    Timestamp now = CLOCK.now();
    CertificateAuthority authority = CertificateAuthority.create(1, now, new SecureRandom());
    @Nullable Tls one = plain ? null : member(authority, 1, now);
    @Nullable Tls two = plain ? null : member(authority, 2, now);
    Service service =
        (from, method, request) -> {
          request.close();
          return CompletableFuture.completedStage(Payload.of(new byte[1]));
        };
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (NetThreads threads = new NetThreads("bench", 2);
        FrameServer server =
            FrameServer.bind(threads, any, one, service, FrameServer.Limits.DEFAULT);
        NettyConnections client =
            new NettyConnections(threads, two, NettyConnections.Limits.DEFAULT)) {
      for (int round = 0; round < ROUNDS; round++) {
        System.out.printf("%.0f MiB/s%n", mibPerSecond(client, server.boundAddress()));
      }
    }
  }
}
