package io.pandofs.common.identity;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/**
 * The SHA-256 of something that is to be known again: of a certificate's bytes, of a public key, of
 * a secret.
 *
 * @param hex 64 lower-case digits
 */
public record Fingerprint(String hex) {
  /** How long the hash is. */
  public static final int BYTES = 32;

  public Fingerprint {
    if (!hex.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("not a SHA-256");
    }
  }

  /** Of bytes that are the hash already. */
  public static Fingerprint ofHash(byte[] hash) {
    return new Fingerprint(HexFormat.of().formatHex(hash));
  }

  public static Fingerprint of(byte[] bytes) {
    try {
      return ofHash(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** As {@code openssl x509 -fingerprint -sha256} prints it, without colons. */
  public static Fingerprint of(X509Certificate certificate) {
    try {
      return of(certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalArgumentException("a certificate without an encoding", e);
    }
  }

  /** The hash itself. */
  public byte[] hash() {
    return HexFormat.of().parseHex(hex);
  }
}
