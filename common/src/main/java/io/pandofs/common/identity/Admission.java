package io.pandofs.common.identity;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

/**
 * Whether a node whose certificate is in order may connect; asked at each handshake. Here those who
 * were expelled will be kept out.
 */
@FunctionalInterface
public interface Admission {
  /** Lets everybody in. */
  Admission ALL = (name, certificate) -> {};

  /**
   * Does nothing, or throws with the reason as one clause for the log.
   *
   * @param certificate signed by the cluster's authority
   */
  void check(PeerName name, X509Certificate certificate) throws CertificateException;
}
