package io.pandofs.common.identity;

import io.pandofs.common.Timestamp;
import java.io.IOException;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A cluster's own certificate authority: signs the certificates of its nodes. Thread-safe. */
public final class CertificateAuthority {
  private static final long CA_DAYS = 365L * 30;
  private static final long NODE_DAYS = 365L * 2;

  /** Clocks may differ by seconds, time zones in a BIOS by a day. */
  private static final long BACKDATED_DAYS = 1;

  private static final int SERIAL_BITS = 127;

  private final PrivateKey key;
  private final X509Certificate certificate;
  private final SecureRandom random;

  /** An authority whose key and certificate are known. */
  public CertificateAuthority(PrivateKey key, X509Certificate certificate, SecureRandom random) {
    this.key = key;
    this.certificate = certificate;
    this.random = random;
  }

  /** A new authority for a cluster. */
  public static CertificateAuthority create(long cluster, Timestamp now, SecureRandom random) {
    KeyPair key = Certificates.newKey(random);
    X500Name name = new X500Name("CN=Pando cluster " + Long.toHexString(cluster));
    X509v3CertificateBuilder draft = draft(name, name, key.getPublic(), now, CA_DAYS, random);
    try {
      draft.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      draft.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
      return new CertificateAuthority(key.getPrivate(), sign(draft, key.getPrivate()), random);
    } catch (IOException e) {
      throw new IllegalStateException("cannot make a certificate", e);
    }
  }

  /** A certificate that the holder of this key is this node, for both ends of connections. */
  public X509Certificate sign(PublicKey node, PeerName name, Timestamp now) {
    X509v3CertificateBuilder draft =
        draft(
            new X500Name(certificate.getSubjectX500Principal().getName()),
            new X500Name("CN=" + name),
            node,
            now,
            NODE_DAYS,
            random);
    try {
      draft.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      draft.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      draft.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      draft.addExtension(
          Extension.subjectAlternativeName,
          true,
          new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, name.uri())));
      return sign(draft, key);
    } catch (IOException e) {
      throw new IllegalStateException("cannot make a certificate", e);
    }
  }

  private static X509v3CertificateBuilder draft(
      X500Name issuer,
      X500Name subject,
      PublicKey key,
      Timestamp now,
      long days,
      SecureRandom random) {
    Instant from = Instant.ofEpochSecond(now.seconds()).minus(BACKDATED_DAYS, ChronoUnit.DAYS);
    return new JcaX509v3CertificateBuilder(
        issuer,
        new BigInteger(SERIAL_BITS, random).add(BigInteger.ONE),
        Date.from(from),
        Date.from(from.plus(BACKDATED_DAYS + days, ChronoUnit.DAYS)),
        subject,
        key);
  }

  private static X509Certificate sign(X509v3CertificateBuilder draft, PrivateKey key) {
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(
              draft.build(new JcaContentSignerBuilder(Certificates.SIGNATURE).build(key)));
    } catch (OperatorCreationException | CertificateException e) {
      throw new IllegalStateException("cannot sign a certificate", e);
    }
  }

  public X509Certificate certificate() {
    return certificate;
  }

  /** The private key's PKCS #8 encoding: whoever has it can make members. */
  public byte[] encodedKey() {
    return key.getEncoded();
  }
}
