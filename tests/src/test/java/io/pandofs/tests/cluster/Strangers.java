package io.pandofs.tests.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.NodeId;
import io.pandofs.common.identity.CertificateAuthority;
import io.pandofs.common.identity.Certificates;
import io.pandofs.common.identity.Credentials;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.common.identity.Keyring;
import io.pandofs.common.identity.PeerName;
import io.pandofs.common.identity.PeerTrust;
import io.pandofs.common.time.SystemClock;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.util.Random;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Connect to a member's port without being members. Each visit ends with the connection closed by
 * the member, and fails when the member has said anything but that it refuses.
 */
final class Strangers {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int PATIENCE_MILLIS = 30_000;

  /** What comes before a TLS connection is made is at most an alert. */
  private static final int ALERT_BYTES_MAX = 100;

  /** A TLS record is announced: the beginning of a handshake, of 256 bytes. */
  private static final byte[] BEGUN = {22, 3, 1, 1, 0, 1};

  /** What a client of Raft would say first: gRPC speaks HTTP/2, here with empty settings. */
  private static final byte[] HTTP2 =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);

  /** Who comes. */
  enum Kind {
    /** Random bytes, and then no more. */
    NOISE,
    /** A handshake that is begun and not gone on with, on a connection that stays open. */
    SILENCE,
    /** Encrypted as members are, but without a certificate. */
    WITHOUT_CERTIFICATE,
    /** A node of another cluster, with the certificate that it has there. */
    OF_ANOTHER_CLUSTER,
    /** The same that claims to be of this cluster: only who signed it is another. */
    FORGED
  }

  private final SSLContext nobody;
  private final SSLContext foreign;
  private final SSLContext forged;

  /**
   * @param member whose cluster it is that they are strangers to
   */
  Strangers(Credentials member) throws GeneralSecurityException {
    TrustManager trust = PeerTrust.pinned(Fingerprint.of(member.authority()));
    long cluster = member.name().cluster();
    this.nobody = context(null, trust);
    this.foreign = context(certified(cluster + 1), trust);
    this.forged = context(certified(cluster), trust);
  }

  /** A first node of a cluster with this id, as an authority of its own certifies it. */
  private static KeyManager certified(long cluster) {
    CertificateAuthority authority =
        CertificateAuthority.create(cluster, new SystemClock().now(), RANDOM);
    KeyPair key = Certificates.newKey(RANDOM);
    return new Keyring(
            new Credentials(
                key.getPrivate(),
                authority.sign(
                    key.getPublic(), new PeerName(cluster, new NodeId(1)), new SystemClock().now()),
                authority.certificate()))
        .keyManager();
  }

  private static SSLContext context(@Nullable KeyManager key, TrustManager trust)
      throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(
        key == null ? new KeyManager[0] : new KeyManager[] {key},
        new TrustManager[] {trust},
        RANDOM);
    return context;
  }

  /**
   * Visits a port of this machine until the member closes the connection; returns the stranger's
   * own port, by which the member's log tells it.
   */
  int visit(Kind kind, int port, Random random) throws IOException {
    return switch (kind) {
      case NOISE -> {
        byte[] noise = new byte[1 + random.nextInt(2000)];
        random.nextBytes(noise);
        yield plain(port, noise, true);
      }
      case SILENCE -> plain(port, BEGUN, false);
      case WITHOUT_CERTIFICATE -> encrypted(nobody, port);
      case OF_ANOTHER_CLUSTER -> encrypted(foreign, port);
      case FORGED -> encrypted(forged, port);
    };
  }

  private static int plain(int port, byte[] said, boolean thenNoMore) throws IOException {
    try (Socket socket = connect(port)) {
      int own = socket.getLocalPort();
      try {
        socket.getOutputStream().write(said);
        if (thenNoMore) {
          socket.shutdownOutput();
        }
        assertThat(socket.getInputStream().readAllBytes()).hasSizeLessThan(ALERT_BYTES_MAX);
      } catch (SocketException e) {
        closed(e);
      }
      return own;
    }
  }

  private static int encrypted(SSLContext as, int port) throws IOException {
    try (Socket plain = connect(port);
        SSLSocket socket =
            (SSLSocket) as.getSocketFactory().createSocket(plain, "127.0.0.1", port, true)) {
      int own = plain.getLocalPort();
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2"});
      socket.setSSLParameters(parameters);
      byte[] answer = new byte[0];
      try {
        socket.startHandshake();
        OutputStream out = socket.getOutputStream();
        out.write(HTTP2);
        out.flush();
        answer = socket.getInputStream().readNBytes(1);
      } catch (SSLException e) {
        // An alert, or the end without one. It is the member that refuses, not the stranger.
        assertThat(e.getCause() instanceof CertificateException).as("%s", e).isFalse();
      } catch (SocketException e) {
        closed(e);
      }
      assertThat(answer).isEmpty();
      return own;
    }
  }

  private static void closed(SocketException failure) {
    assertThat(failure.getMessage())
        .containsAnyOf("Connection reset", "Broken pipe", "Connection or outbound has closed");
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }
}
