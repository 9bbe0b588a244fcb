package io.pandofs.common.identity;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Objects;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * A node's credentials as connections use them: each handshake takes the present ones, so that they
 * can be replaced while the node runs. Thread-safe.
 */
public final class Keyring {
  private static final String ALIAS = "node";

  private volatile Credentials credentials;

  public Keyring(Credentials credentials) {
    this.credentials = credentials;
  }

  /** New credentials for the same node; connections that are open stay. */
  public void replace(Credentials fresh) {
    if (!fresh.name().equals(credentials.name())) {
      throw new IllegalArgumentException(
          "credentials of " + fresh.name() + " for " + credentials.name());
    }
    credentials = Objects.requireNonNull(fresh);
  }

  public Credentials credentials() {
    return credentials;
  }

  /** Shows the node's certificate. */
  public X509ExtendedKeyManager keyManager() {
    return new OwnCertificate();
  }

  private final class OwnCertificate extends X509ExtendedKeyManager {
    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
      return ALIAS;
    }

    @Override
    public String chooseEngineClientAlias(String[] keyType, Principal[] issuers, SSLEngine engine) {
      return ALIAS;
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
      return ALIAS;
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
      return ALIAS;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      Credentials now = credentials;
      return new X509Certificate[] {now.certificate(), now.authority()};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return credentials.key();
    }
  }
}
