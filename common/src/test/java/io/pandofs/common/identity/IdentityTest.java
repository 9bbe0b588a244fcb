package io.pandofs.common.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.SystemClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Timestamp NOW = new SystemClock().now();

  @TempDir Path dir;

  @Test
  void aTokenComesBackAsItWent() {
    JoinToken token = JoinToken.create(Fingerprint.of(new byte[] {1}), RANDOM);
    assertThat(JoinToken.parse(" " + token.toText() + "\n")).contains(token);
    assertThat(token.toText()).doesNotContain(token.secret()).hasSizeLessThan(120);
    assertThat(token.toString()).doesNotContain(token.secret());
  }

  @Test
  void aTokenWithOneWrongLetterIsNone() {
    String text = JoinToken.create(Fingerprint.of(new byte[] {1}), RANDOM).toText();
    for (int i = 0; i < text.length(); i++) {
      char other = text.charAt(i) == 'A' ? 'B' : 'A';
      String wrong = text.substring(0, i) + other + text.substring(i + 1);
      // The last letter carries two bits that mean nothing.
      if (i < text.length() - 1) {
        assertThat(JoinToken.parse(wrong)).as("letter %d", i).isEqualTo(Optional.empty());
      }
      assertThat(JoinToken.parse(text.substring(0, i))).isEmpty();
    }
    assertThat(JoinToken.parse(text + "AAAA")).isEmpty();
  }

  @Test
  void aCertificateSaysWhichNodeOfWhichCluster() throws Exception {
    CertificateAuthority authority = CertificateAuthority.create(7, NOW, RANDOM);
    KeyPair key = Certificates.newKey(RANDOM);
    PeerName name = new PeerName(7, new NodeId(3));
    var certificate = authority.sign(key.getPublic(), name, NOW);
    assertThat(PeerName.of(certificate)).isEqualTo(name);
    assertThat(PeerName.of(authority.certificate())).isNull();
    assertThat(PeerName.of(Certificates.parse(Certificates.encode(certificate)))).isEqualTo(name);
    certificate.verify(authority.certificate().getPublicKey());
    long days = (certificate.getNotAfter().toInstant().getEpochSecond() - NOW.seconds()) / 86_400;
    assertThat(days).isEqualTo(730);
  }

  @Test
  void aRequestProvesItsKey() throws Exception {
    KeyPair key = Certificates.newKey(RANDOM);
    byte[] request = Certificates.request(key);
    assertThat(Certificates.requestedKey(request)).isEqualTo(key.getPublic());
    byte[] forged = request.clone();
    forged[forged.length - 5] ^= 1;
    assertThatThrownBy(() -> Certificates.requestedKey(forged)).isInstanceOf(IOException.class);
    byte[] other =
        Certificates.request(
            new KeyPair(key.getPublic(), Certificates.newKey(RANDOM).getPrivate()));
    assertThatThrownBy(() -> Certificates.requestedKey(other)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> Certificates.requestedKey(new byte[] {1, 2}))
        .isInstanceOf(IOException.class);
  }

  @Test
  void filesComeBackAndKeysAreForTheirOwnerAlone() throws Exception {
    IdentityFiles files = new IdentityFiles(dir);
    assertThat(files.isPresent()).isFalse();
    CertificateAuthority authority = CertificateAuthority.create(7, NOW, RANDOM);
    KeyPair key = files.nodeKey(RANDOM);
    assertThat(files.nodeKey(RANDOM).getPublic()).isEqualTo(key.getPublic());
    assertThat(files.authority(RANDOM)).isNull();
    files.keepAuthorityKey(authority.encodedKey());
    PeerName name = new PeerName(7, new NodeId(3));
    files.keep(authority.sign(key.getPublic(), name, NOW), authority.certificate());
    assertThat(files.credentials().name()).isEqualTo(name);
    assertThat(files.credentials().key()).isEqualTo(key.getPrivate());
    assertThat(files.authority(RANDOM).encodedKey()).isEqualTo(authority.encodedKey());
    for (String secret : new String[] {"node.key", "ca.key"}) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve(secret))))
          .isEqualTo("rw-------");
    }
    Files.writeString(dir.resolve("node.crt"), "nothing");
    assertThatThrownBy(files::credentials).hasMessageContaining("node.crt is damaged");
  }
}
