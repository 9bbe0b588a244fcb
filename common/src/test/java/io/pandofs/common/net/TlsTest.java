package io.pandofs.common.net;

import static io.pandofs.common.net.NetFixture.LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.identity.Admission;
import io.pandofs.common.identity.CertificateAuthority;
import io.pandofs.common.identity.Certificates;
import io.pandofs.common.identity.Credentials;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.common.identity.Keyring;
import io.pandofs.common.identity.PeerName;
import io.pandofs.common.time.SystemClock;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who gets through to a service, and who does not. */
class TlsTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final long OURS = 0x1234;
  private static final int JOIN = 7;

  private final NetFixture net = new NetFixture();
  private final Timestamp now = new SystemClock().now();
  private final CertificateAuthority authority = CertificateAuthority.create(OURS, now, RANDOM);
  private final List<Peer> served = new CopyOnWriteArrayList<>();
  private final Service service =
      (from, method, request) -> {
        served.add(from);
        return CompletableFuture.completedStage(request);
      };

  @AfterEach
  void close() {
    net.close();
  }

  private Keyring ring(CertificateAuthority by, long cluster, long node, Timestamp at) {
    KeyPair key = Certificates.newKey(RANDOM);
    return new Keyring(
        new Credentials(
            key.getPrivate(),
            by.sign(key.getPublic(), new PeerName(cluster, new NodeId(node)), at),
            by.certificate()));
  }

  private Tls member(long node) {
    return Tls.member(ring(authority, OURS, node, now), Admission.ALL);
  }

  private FrameServer serve(Tls tls) throws IOException {
    FrameServer server =
        FrameServer.bind(
            net.threads, NetFixture.loopback(0), tls, service, FrameServer.Limits.DEFAULT);
    net.open.add(server::close);
    return server;
  }

  private FrameServer serveNewcomersToo() throws IOException {
    return serve(
        Tls.memberThatTakesNewcomers(
            ring(authority, OURS, 1, now), Admission.ALL, method -> method == JOIN));
  }

  private NettyConnections connections(Tls tls) {
    NettyConnections made = new NettyConnections(net.threads, tls, NetFixture.CLIENT);
    net.open.add(made::close);
    return made;
  }

  private static void ask(Connections by, FrameServer server, int method) throws Exception {
    Payload request = NetFixture.random(new Random(1), 20, 500_000);
    try (Payload answer = by.call(server.boundAddress(), method, request, LONG).get()) {
      NetFixture.assertSame(answer, request);
    }
  }

  private void refused(Connections by, FrameServer server, int method) {
    assertThatThrownBy(
            () ->
                by.call(server.boundAddress(), method, Payload.of(new byte[3]), LONG).get().close())
        .isInstanceOf(ExecutionException.class);
    assertThat(served).isEmpty();
  }

  @Test
  void membersTalkAndKnowEachOther() throws Exception {
    FrameServer server = serve(member(1));
    NettyConnections two = connections(member(2));
    ask(two, server, 1);
    ask(two.expecting(new NodeId(1)), server, 1);
    assertThat(served).hasSize(2).allMatch(peer -> new NodeId(2).equals(peer.node()));
    assertThat(served.get(0).maySpeakFor(new NodeId(2))).isTrue();
    assertThat(served.get(0).maySpeakFor(new NodeId(3))).isFalse();
  }

  @Test
  void anotherNodeThanExpectedGetsNothing() throws Exception {
    FrameServer server = serve(member(1));
    refused(connections(member(2)).expecting(new NodeId(3)), server, 1);
  }

  @Test
  void anotherAuthorityIsRefused() throws Exception {
    CertificateAuthority other = CertificateAuthority.create(OURS, now, RANDOM);
    FrameServer server = serve(member(1));
    // Its own name is right; only who signed it is not.
    refused(connections(Tls.member(ring(other, OURS, 2, now), Admission.ALL)), server, 1);
  }

  @Test
  void anotherAuthorityIsRefusedByTheServerAlone() throws Exception {
    CertificateAuthority other = CertificateAuthority.create(OURS, now, RANDOM);
    KeyPair key = Certificates.newKey(RANDOM);
    Keyring liar =
        new Keyring(
            new Credentials(
                key.getPrivate(),
                other.sign(key.getPublic(), new PeerName(OURS, new NodeId(2)), now),
                authority.certificate()));
    refused(connections(Tls.member(liar, Admission.ALL)), serve(member(1)), 1);
    refused(connections(Tls.member(liar, Admission.ALL)), serveNewcomersToo(), JOIN);
  }

  @Test
  void anotherClusterOfTheSameAuthorityIsRefused() throws Exception {
    FrameServer server = serve(member(1));
    refused(connections(Tls.member(ring(authority, 99, 2, now), Admission.ALL)), server, 1);
  }

  @Test
  void anExpiredCertificateIsRefused() throws Exception {
    Timestamp longAgo = new Timestamp(now.seconds() - 3L * 365 * 86_400, 0);
    FrameServer server = serve(member(1));
    refused(connections(Tls.member(ring(authority, OURS, 2, longAgo), Admission.ALL)), server, 1);
  }

  @Test
  void whoIsNotAdmittedIsRefused() throws Exception {
    Admission notTwo =
        (name, certificate) -> {
          if (name.node().value() == 2) {
            throw new CertificateException("it was expelled");
          }
        };
    FrameServer server = serve(Tls.member(ring(authority, OURS, 1, now), notTwo));
    refused(connections(member(2)), server, 1);
    // An end that refuses says so, RFC 8446, 6.2: who is refused hears it after its own handshake.
    assertThatThrownBy(
            () ->
                connections(member(2))
                    .call(server.boundAddress(), 1, Payload.of(new byte[3]), LONG)
                    .get())
        .hasMessageContaining("it does not accept this node's certificate");
    ask(connections(member(3)), server, 1);
  }

  @Test
  void newCredentialsAreShownFromTheNextHandshakeOn() throws Exception {
    CertificateAuthority other = CertificateAuthority.create(OURS, now, RANDOM);
    Keyring ring = ring(other, OURS, 2, now);
    NettyConnections two = connections(Tls.member(ring, Admission.ALL));
    FrameServer server = serve(member(1));
    refused(two, server, 1);
    ring.replace(ring(authority, OURS, 2, now).credentials());
    ask(two, server, 1);
  }

  @Test
  void aNewcomerMayAskToJoinAndNothingElse() throws Exception {
    FrameServer server = serveNewcomersToo();
    Fingerprint pin = Fingerprint.of(authority.certificate());
    refused(connections(Tls.newcomer(pin)), server, 1);
    connections(Tls.newcomer(pin))
        .call(server.boundAddress(), JOIN, Payload.of(new byte[3]), LONG)
        .get()
        .close();
    assertThat(served).hasSize(1).allMatch(peer -> peer.kind() == Peer.Kind.NEWCOMER);
    assertThat(served.get(0).maySpeakFor(new NodeId(1))).isFalse();
    served.clear();
    Payload large = NetFixture.random(new Random(1), 0, 1 << 20);
    assertThatThrownBy(
            () ->
                connections(Tls.newcomer(pin)).call(server.boundAddress(), JOIN, large, LONG).get())
        .isInstanceOf(ExecutionException.class);
    assertThat(served).isEmpty();
  }

  @Test
  void aNewcomerGetsNothingWhereNoneIsTaken() throws Exception {
    refused(
        connections(Tls.newcomer(Fingerprint.of(authority.certificate()))), serve(member(1)), JOIN);
  }

  @Test
  void aNewcomerSaysNothingToAnotherCluster() throws Exception {
    CertificateAuthority other = CertificateAuthority.create(OURS, now, RANDOM);
    refused(
        connections(Tls.newcomer(Fingerprint.of(other.certificate()))), serveNewcomersToo(), JOIN);
  }

  @Test
  void plainTextGetsNothing() throws Exception {
    FrameServer server = serveNewcomersToo();
    refused(net.connections(), server, JOIN);
    for (String said : List.of("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u0000\u0001garbage\n")) {
      try (Socket socket = connect(server)) {
        socket.getOutputStream().write(said.getBytes(StandardCharsets.ISO_8859_1));
        assertThat(endOf(socket)).isTrue();
      }
    }
    assertThat(served).isEmpty();
  }

  @Test
  void aHandshakeInSmallPiecesSucceedsAndOneThatStopsIsDropped() throws Exception {
    FrameServer server = serve(member(1));
    InetSocketAddress relay = Relay.start(server.boundAddress(), net.open);
    Payload request = Payload.of(new byte[3]);
    connections(member(2)).call(relay, 1, request, LONG).get().close();
    assertThat(served).hasSize(1);
    try (Socket slow = connect(server)) {
      // A record that is announced and never comes.
      slow.getOutputStream().write(new byte[] {22, 3, 1, 1, 0, 1});
      assertThat(endOf(slow)).isTrue();
    }
  }

  @Test
  void strangersDoNotKeepMembersOut() throws Exception {
    FrameServer server = serve(member(1));
    Socket[] idle = new Socket[60];
    for (int i = 0; i < idle.length; i++) {
      idle[i] = connect(server);
    }
    try {
      // Threads of the server take them in side by side: a member that came before them would have
      // to prove itself before they have.
      int places = Unproved.STRANGERS_OF_ADDRESS_MAX;
      await().until(() -> Stream.of(idle).filter(TlsTest::isEnded).count() >= idle.length - places);
      // At once, not when the silence of the others has been found out.
      ask(connections(member(2)), server, 1);
      for (Socket socket : idle) {
        socket.setSoTimeout(30_000);
        assertThat(endOf(socket)).isTrue();
      }
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
    assertThat(net.threads.directBytesHeld()).isLessThan(70L << 20);
  }

  private static Socket connect(FrameServer server) throws IOException {
    InetSocketAddress address = server.boundAddress();
    Socket socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout(30_000);
    return socket;
  }

  /** Whether the server ends it; an alert may come first. */
  private static boolean endOf(Socket socket) throws IOException {
    try {
      return socket.getInputStream().readAllBytes().length < 100;
    } catch (SocketException e) {
      return true;
    }
  }

  private static boolean isEnded(Socket socket) {
    try {
      socket.setSoTimeout(1);
      return endOf(socket);
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  /** Passes bytes on, one at a time at first. */
  private static final class Relay {
    static InetSocketAddress start(InetSocketAddress to, List<Runnable> onClose)
        throws IOException {
      java.net.ServerSocket listener = new java.net.ServerSocket();
      listener.bind(NetFixture.loopback(0));
      Thread thread =
          new Thread(
              () -> {
                try (Socket in = listener.accept();
                    Socket out = new Socket(to.getAddress(), to.getPort())) {
                  out.setTcpNoDelay(true);
                  Thread back = new Thread(() -> pass(out, in, 0));
                  back.start();
                  pass(in, out, 2000);
                  back.join();
                } catch (IOException | InterruptedException e) {
                  // The test's own assertions tell.
                }
              });
      thread.setDaemon(true);
      thread.start();
      onClose.add(
          () -> {
            try {
              listener.close();
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          });
      return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    private static void pass(Socket from, Socket to, int singly) {
      try {
        OutputStream out = to.getOutputStream();
        byte[] bytes = new byte[8192];
        int passed = 0;
        for (int count = from.getInputStream().read(bytes);
            count > 0;
            count = from.getInputStream().read(bytes)) {
          for (int i = 0; i < count; i++, passed++) {
            out.write(bytes, i, passed < singly ? 1 : count - i);
            if (passed >= singly) {
              break;
            }
          }
        }
        to.shutdownOutput();
      } catch (IOException e) {
        // One side has closed.
      }
    }
  }
}
