package io.pandofs.common.identity;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Keys, certificates and requests for them as bytes. All keys are EC P-256. */
public final class Certificates {
  static final String SIGNATURE = "SHA256withECDSA";

  private static final String CURVE = "secp256r1";

  /** No certificate or request of ours comes near. */
  private static final int BYTES_MAX = 8192;

  private Certificates() {}

  /** A new key. */
  public static KeyPair newKey(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(CURVE), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no P-256", e);
    }
  }

  /** A certificate of this DER encoding. */
  public static X509Certificate parse(byte[] der) throws IOException {
    if (der.length > BYTES_MAX) {
      throw new IOException("not a certificate: " + der.length + " bytes");
    }
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new IOException("not a certificate: " + e.getMessage(), e);
    }
  }

  /** The DER encoding of a certificate. */
  public static byte[] encode(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateException e) {
      throw new IllegalArgumentException("a certificate without an encoding", e);
    }
  }

  /** A private key of this PKCS #8 encoding. */
  public static PrivateKey parseKey(byte[] pkcs8) throws IOException {
    try {
      return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException e) {
      throw new IOException("not a private key: " + e.getMessage(), e);
    }
  }

  /** A request (PKCS #10) to sign this key; it proves that who asks has the private one. */
  public static byte[] request(KeyPair key) {
    try {
      return new JcaPKCS10CertificationRequestBuilder(
              new X500Principal("CN=a new Pando node"), key.getPublic())
          .build(new JcaContentSignerBuilder(SIGNATURE).build(key.getPrivate()))
          .getEncoded();
    } catch (OperatorCreationException | IOException e) {
      throw new IllegalStateException("cannot make a certificate request", e);
    }
  }

  /**
   * The key of a request; nothing else in it is looked at.
   *
   * @throws IOException it is no request, or who made it does not have the private key
   */
  public static PublicKey requestedKey(byte[] request) throws IOException {
    if (request.length > BYTES_MAX) {
      throw new IOException("not a certificate request: " + request.length + " bytes");
    }
    try {
      JcaPKCS10CertificationRequest parsed = new JcaPKCS10CertificationRequest(request);
      PublicKey key = parsed.getPublicKey();
      if (!key.getAlgorithm().equals("EC")
          || !parsed.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw new IOException("the certificate request does not prove its key");
      }
      return key;
    } catch (GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        | RuntimeException e) {
      throw new IOException("not a certificate request: " + e.getMessage(), e);
    }
  }
}
