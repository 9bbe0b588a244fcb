package io.pandofs.common.net;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.pandofs.common.identity.Admission;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.common.identity.Keyring;
import io.pandofs.common.identity.PeerName;
import io.pandofs.common.identity.PeerTrust;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * How connections are encrypted and both ends known: TLS 1.3, certificates of one cluster.
 * Thread-safe.
 *
 * <p>A peer's certificate is judged in the handshake, and whether it is admitted is asked again
 * when the handshake is done: a resumed one shows no certificate anew.
 */
public final class Tls {
  /** A peer that has not proved who it is after so long is dropped. */
  static final Duration HANDSHAKE_MAX = Duration.ofSeconds(5);

  private static final String PROTOCOL = "TLSv1.3";

  /** BoringSSL: what Java's own does needs C2 to be fast, which nodes go without (decision 10). */
  private static final SslProvider PROVIDER = SslProvider.OPENSSL;

  /** How BoringSSL names what the other end has said before it went, RFC 8446, 6.2. */
  private static final String ALERT = "_ALERT_";

  /** Of those, what is said by who refuses this node. */
  private static final Pattern UNTRUSTED = Pattern.compile("_ALERT_(\\w*CERTIFICATE|UNKNOWN_CA)");

  /** What BoringSSL calls it, which judges before the certificate's own judge is asked. */
  private static final String NO_CERTIFICATE = "PEER_DID_NOT_RETURN_A_CERTIFICATE";

  private final @Nullable SslContext server;
  private final SslContext client;
  private final Admission admission;
  private final IntPredicate openToNewcomers;

  private Tls(
      @Nullable SslContext server,
      SslContext client,
      Admission admission,
      IntPredicate openToNewcomers) {
    this.server = server;
    this.client = client;
    this.admission = admission;
    this.openToNewcomers = openToNewcomers;
  }

  /** For a member: both ends show certificates of this cluster. */
  public static Tls member(Keyring keyring, Admission admission) {
    return member(keyring, admission, ClientAuth.REQUIRE, method -> false);
  }

  /**
   * For a member whose server some methods of may also be asked by who has no certificate yet.
   *
   * @param openToNewcomers which methods
   */
  public static Tls memberThatTakesNewcomers(
      Keyring keyring, Admission admission, IntPredicate openToNewcomers) {
    return member(keyring, admission, ClientAuth.OPTIONAL, openToNewcomers);
  }

  private static Tls member(
      Keyring keyring, Admission admission, ClientAuth auth, IntPredicate openToNewcomers) {
    requireLibrary();
    PeerTrust trust = PeerTrust.members(keyring, admission);
    try {
      return new Tls(
          SslContextBuilder.forServer(keyring.keyManager())
              .sslProvider(PROVIDER)
              .protocols(PROTOCOL)
              .clientAuth(auth)
              .trustManager(trust)
              .build(),
          SslContextBuilder.forClient()
              .sslProvider(PROVIDER)
              .protocols(PROTOCOL)
              .keyManager(keyring.keyManager())
              .trustManager(trust)
              .build(),
          admission,
          openToNewcomers);
    } catch (SSLException e) {
      throw new IllegalStateException("BoringSSL refuses " + PROTOCOL, e);
    }
  }

  /** For who wants to join: knows the cluster by its authority, and has no certificate to show. */
  public static Tls newcomer(Fingerprint authority) {
    requireLibrary();
    try {
      return new Tls(
          null,
          SslContextBuilder.forClient()
              .sslProvider(PROVIDER)
              .protocols(PROTOCOL)
              .trustManager(PeerTrust.pinned(authority))
              .build(),
          Admission.ALL,
          method -> false);
    } catch (SSLException e) {
      throw new IllegalStateException("BoringSSL refuses " + PROTOCOL, e);
    }
  }

  /** Nothing takes its place: a node that is slow for no reason that is seen is worse than none. */
  private static void requireLibrary() {
    if (!OpenSsl.isAvailable()) {
      throw new IllegalStateException(
          "the library for TLS loads neither from "
              + System.getProperty("java.library.path")
              + " nor by way of the temporary directory "
              + System.getProperty("java.io.tmpdir"),
          OpenSsl.unavailabilityCause());
    }
  }

  SslHandler server(ByteBufAllocator allocator) {
    if (server == null) {
      throw new IllegalStateException("a newcomer does not serve");
    }
    return timed(server.newHandler(allocator));
  }

  /** Without the peer's address, so that no session is kept for the next connection to it. */
  SslHandler client(ByteBufAllocator allocator) {
    return timed(client.newHandler(allocator));
  }

  private static SslHandler timed(SslHandler handler) {
    handler.setHandshakeTimeoutMillis(HANDSHAKE_MAX.toMillis());
    return handler;
  }

  /** Whether who shows no certificate may ask for this. */
  boolean isOpenToNewcomers(int method) {
    return openToNewcomers.test(method);
  }

  /**
   * Who is at the other end of an engine whose handshake is done; null if it showed nothing.
   *
   * @throws CertificateException it is not admitted (any more)
   */
  @Nullable PeerName peer(SSLEngine engine) throws CertificateException {
    Certificate[] chain;
    try {
      chain = engine.getSession().getPeerCertificates();
    } catch (SSLPeerUnverifiedException e) {
      return null;
    }
    if (!(chain[0] instanceof X509Certificate certificate)) {
      throw new CertificateException("its certificate is of an unknown kind");
    }
    PeerName name = PeerName.of(certificate);
    if (name == null) {
      throw new CertificateException("its certificate is not that of a Pando node");
    }
    admission.check(name, certificate);
    return name;
  }

  /** Whether a handshake failed because of who is at the other end. */
  static boolean isStranger(Throwable failure) {
    return decisive(failure) instanceof CertificateException;
  }

  private static Throwable decisive(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null && !(cause instanceof CertificateException)) {
      cause = cause.getCause();
    }
    return cause;
  }

  /** Why a handshake failed, in one clause. */
  static String reason(Throwable failure) {
    Throwable cause = decisive(failure);
    if (cause instanceof NotSslRecordException) {
      return "what it says is not TLS";
    }
    String text = cause.getMessage();
    if (text == null) {
      return cause.getClass().getSimpleName();
    }
    return inWords(text);
  }

  /** One clause for BoringSSL's text of a failure; any other text as it is. */
  public static String inWords(String text) {
    if (text.contains(NO_CERTIFICATE)) {
      return "it shows no certificate";
    } else if (UNTRUSTED.matcher(text).find()) {
      return "it does not accept this node's certificate";
    }
    return text.contains(ALERT) ? "it broke the handshake off (" + text + ")" : text;
  }
}
