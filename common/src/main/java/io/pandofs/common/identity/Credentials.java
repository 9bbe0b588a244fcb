package io.pandofs.common.identity;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/**
 * What a node shows of itself and what it measures others by.
 *
 * @param certificate this node's, for {@code key}
 * @param authority the cluster's
 */
public record Credentials(PrivateKey key, X509Certificate certificate, X509Certificate authority) {

  /** Who the certificate says this node is. */
  public PeerName name() {
    PeerName name = PeerName.of(certificate);
    if (name == null) {
      throw new IllegalStateException("the node's certificate names no node");
    }
    return name;
  }

  @Override
  public String toString() {
    return "credentials of " + PeerName.of(certificate);
  }
}
