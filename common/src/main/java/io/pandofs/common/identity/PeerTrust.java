package io.pandofs.common.identity;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Decides whose certificates are believed. Addresses play no part: a node is its id, and the name
 * in the certificate says it. Thread-safe.
 */
public abstract class PeerTrust extends X509ExtendedTrustManager {
  private static final X509Certificate[] NONE = {};

  private final Consumer<String> onRefusal;

  private PeerTrust(Consumer<String> onRefusal) {
    this.onRefusal = onRefusal;
  }

  /** Believes nodes of the keyring's own cluster. */
  public static PeerTrust members(Keyring keyring, Admission admission) {
    return members(keyring, admission, reason -> {});
  }

  /**
   * As above.
   *
   * @param onRefusal told the reason of each refusal, a clause for a log line
   */
  public static PeerTrust members(
      Keyring keyring, Admission admission, Consumer<String> onRefusal) {
    return new PeerTrust(onRefusal) {
      @Override
      void check(X509Certificate[] chain) throws CertificateException {
        Credentials own = keyring.credentials();
        PeerName name = nameIn(chain[0]);
        if (name.cluster() != own.name().cluster()) {
          throw new CertificateException("its certificate is that of " + name + ", another one");
        }
        checkSigned(chain[0], own.authority());
        admission.check(name, chain[0]);
      }
    };
  }

  /** Believes nodes of the one cluster whose authority's certificate has this fingerprint. */
  public static PeerTrust pinned(Fingerprint authority) {
    return new PeerTrust(reason -> {}) {
      @Override
      void check(X509Certificate[] chain) throws CertificateException {
        nameIn(chain[0]);
        X509Certificate shown = chain.length < 2 ? null : chain[1];
        if (shown == null || !Fingerprint.of(shown).equals(authority)) {
          throw new CertificateException("it is not of the cluster that the token is for");
        }
        checkSigned(chain[0], shown);
      }
    };
  }

  /** Decides on a chain, the peer's own certificate first. */
  abstract void check(X509Certificate[] chain) throws CertificateException;

  private void checkTold(X509Certificate @Nullable [] chain) throws CertificateException {
    try {
      if (chain == null || chain.length == 0) {
        throw new CertificateException("it shows no certificate");
      }
      check(chain);
    } catch (CertificateException e) {
      onRefusal.accept(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private static PeerName nameIn(X509Certificate certificate) throws CertificateException {
    PeerName name = PeerName.of(certificate);
    if (name == null) {
      throw new CertificateException("its certificate is not that of a Pando node");
    }
    return name;
  }

  private static void checkSigned(X509Certificate certificate, X509Certificate authority)
      throws CertificateException {
    try {
      certificate.verify(authority.getPublicKey());
    } catch (GeneralSecurityException e) {
      throw new CertificateException(
          "its certificate was not signed by this cluster's authority", e);
    }
    if (authority.getBasicConstraints() < 0 || certificate.getBasicConstraints() >= 0) {
      throw new CertificateException("its certificate is of the wrong kind");
    }
    certificate.checkValidity();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    checkTold(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    checkTold(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    checkTold(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    checkTold(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    checkTold(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    checkTold(chain);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return NONE;
  }
}
