package io.pandofs.common.identity;

import io.pandofs.common.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys and certificates of a node in its directory {@code identity/}: PEM files, those with
 * keys readable by their owner alone. Each is replaced in one step and synced.
 */
public final class IdentityFiles {
  private static final String NODE_KEY = "node.key";
  private static final String NODE_PUBLIC = "node.pub";
  private static final String NODE_CERTIFICATE = "node.crt";
  private static final String CA_KEY = "ca.key";
  private static final String CA_CERTIFICATE = "ca.crt";
  private static final String CERTIFICATE_LABEL = "CERTIFICATE";
  private static final String KEY_LABEL = "PRIVATE KEY";
  private static final String PUBLIC_LABEL = "PUBLIC KEY";
  private static final int LINE = 64;

  private final Path directory;

  /**
   * @param directory the data directory's identity/
   */
  public IdentityFiles(Path directory) {
    this.directory = directory;
  }

  /** Whether this node has a certificate: then all its connections are encrypted. */
  public boolean isPresent() {
    return Files.exists(directory.resolve(NODE_CERTIFICATE));
  }

  /** This node's key, made and kept if there is none: a join that is repeated shows the same. */
  public KeyPair nodeKey(SecureRandom random) throws IOException {
    if (Files.exists(directory.resolve(NODE_PUBLIC))) {
      return new KeyPair(
          publicKey(read(NODE_PUBLIC, PUBLIC_LABEL)),
          Certificates.parseKey(read(NODE_KEY, KEY_LABEL)));
    }
    KeyPair key = Certificates.newKey(random);
    write(NODE_KEY, KEY_LABEL, key.getPrivate().getEncoded(), true);
    write(NODE_PUBLIC, PUBLIC_LABEL, key.getPublic().getEncoded(), false);
    return key;
  }

  private static PublicKey publicKey(byte[] encoded) throws IOException {
    try {
      return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(encoded));
    } catch (GeneralSecurityException e) {
      throw new IOException("not a public key: " + e.getMessage(), e);
    }
  }

  /** Keeps what the cluster gave; the node's own certificate last, as it says that all is there. */
  public void keep(X509Certificate node, X509Certificate authority) throws IOException {
    write(CA_CERTIFICATE, CERTIFICATE_LABEL, Certificates.encode(authority), false);
    write(NODE_CERTIFICATE, CERTIFICATE_LABEL, Certificates.encode(node), false);
  }

  /** Keeps the authority's key, with which this node can let others in. */
  public void keepAuthorityKey(byte[] pkcs8) throws IOException {
    write(CA_KEY, KEY_LABEL, pkcs8, true);
  }

  /** What this node shows; read anew each time. */
  public Credentials credentials() throws IOException {
    PrivateKey key = Certificates.parseKey(read(NODE_KEY, KEY_LABEL));
    Credentials credentials =
        new Credentials(key, certificate(NODE_CERTIFICATE), certificate(CA_CERTIFICATE));
    if (PeerName.of(credentials.certificate()) == null) {
      throw new IOException(directory.resolve(NODE_CERTIFICATE) + " is not that of a Pando node");
    }
    return credentials;
  }

  /** The authority, if this node has its key already; otherwise null. */
  public @Nullable CertificateAuthority authority(SecureRandom random) throws IOException {
    if (!Files.exists(directory.resolve(CA_KEY))) {
      return null;
    }
    return new CertificateAuthority(
        Certificates.parseKey(read(CA_KEY, KEY_LABEL)), certificate(CA_CERTIFICATE), random);
  }

  private X509Certificate certificate(String name) throws IOException {
    return Certificates.parse(read(name, CERTIFICATE_LABEL));
  }

  private byte[] read(String name, String label) throws IOException {
    Path file = directory.resolve(name);
    try {
      String text = Files.readString(file, StandardCharsets.US_ASCII).strip();
      String begin = "-----BEGIN " + label + "-----";
      String end = "-----END " + label + "-----";
      if (!text.startsWith(begin) || !text.endsWith(end)) {
        throw new IOException(file + " is damaged: it has no " + label);
      }
      return Base64.getMimeDecoder()
          .decode(text.substring(begin.length(), text.length() - end.length()));
    } catch (NoSuchFileException e) {
      throw new IOException(file + " is missing", e);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is damaged: " + e.getMessage(), e);
    }
  }

  private void write(String name, String label, byte[] der, boolean secret) throws IOException {
    String body =
        Base64.getMimeEncoder(LINE, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    String text = "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    Path file = directory.resolve(name);
    Path fresh = directory.resolve(name + ".new");
    Files.deleteIfExists(fresh);
    try (FileChannel out =
        FileChannel.open(
            fresh,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString(secret ? "rw-------" : "rw-r--r--")))) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
    DurableFiles.replace(file, fresh);
  }
}
