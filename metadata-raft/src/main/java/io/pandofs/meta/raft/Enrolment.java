package io.pandofs.meta.raft;

import com.google.protobuf.ByteString;
import io.pandofs.common.NodeId;
import io.pandofs.common.identity.CertificateAuthority;
import io.pandofs.common.identity.Certificates;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.common.identity.IdentityFiles;
import io.pandofs.common.identity.JoinToken;
import io.pandofs.common.identity.PeerName;
import io.pandofs.common.net.Connections;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.wire.JoinAnswer;
import io.pandofs.meta.wire.JoinRequest;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Gives an empty data directory an identity with keys and certificates. What remains of becoming a
 * member, the daemon does when it starts there. Blocks its caller.
 */
public final class Enrolment {
  private final DataDirectory data;
  private final Clock clock;
  private final SecureRandom random;

  public Enrolment(DataDirectory data, Clock clock, SecureRandom random) {
    this.data = data;
    this.clock = clock;
    this.random = random;
  }

  /** Makes this the first node of a new cluster, with a certificate authority of its own. */
  public Identity found() throws IOException {
    refuseIfTaken();
    long cluster = (random.nextLong() & Long.MAX_VALUE) | 1;
    PeerName name = new PeerName(cluster, new NodeId(1));
    CertificateAuthority authority = CertificateAuthority.create(cluster, clock.now(), random);
    IdentityFiles files = data.files();
    KeyPair key = files.nodeKey(random);
    files.keepAuthorityKey(authority.encodedKey());
    files.keep(authority.sign(key.getPublic(), name, clock.now()), authority.certificate());
    Identity identity =
        new Identity(cluster, name.node(), random.nextLong(), 0, Identity.Stage.FORMING, List.of());
    data.found(identity);
    return identity;
  }

  /**
   * Asks a cluster to let this node in. May be repeated after a failure: the key is kept, so that
   * the cluster knows the node again and the token is used once.
   *
   * @param config names and advertised addresses; nothing else of it is looked at
   * @param seed the control address of any member
   * @param connections that believe only the cluster of the token
   * @throws RefusedException the cluster does not let it in
   */
  public Identity join(
      ReplicaConfig config,
      String seed,
      JoinToken token,
      Connections connections,
      ScheduledExecutorService scheduler,
      Duration patience)
      throws IOException {
    refuseIfTaken();
    IdentityFiles files = data.files();
    KeyPair key = files.nodeKey(random);
    JoinRequest request =
        ClusterJoin.request(config)
            .setToken(token.id())
            .setSecret(ByteString.copyFrom(HexFormat.of().parseHex(token.secret())))
            .setCertificateRequest(ByteString.copyFrom(Certificates.request(key)))
            .build();
    JoinAnswer answer =
        new ClusterJoin(clock, scheduler, connections).register(seed, request, patience);
    X509Certificate authority = Certificates.parse(answer.getAuthority().toByteArray());
    X509Certificate node = Certificates.parse(answer.getCertificate().toByteArray());
    check(answer, node, authority, key, token.authority());
    files.keep(node, authority);
    Identity identity = ClusterJoin.identity(answer, random.nextLong());
    data.found(identity);
    return identity;
  }

  private void refuseIfTaken() throws IOException {
    Identity identity = data.identity();
    if (identity != null) {
      throw new RefusedException(
          "the data directory belongs to "
              + identity.node()
              + " of cluster "
              + Long.toHexString(identity.volumeId())
              + " already");
    }
  }

  private static void check(
      JoinAnswer answer,
      X509Certificate node,
      X509Certificate authority,
      KeyPair key,
      Fingerprint pinned)
      throws IOException {
    PeerName name = new PeerName(answer.getVolume(), new NodeId(answer.getNode()));
    try {
      if (!Fingerprint.of(authority).equals(pinned)
          || !node.getPublicKey().equals(key.getPublic())
          || !name.equals(PeerName.of(node))) {
        throw new IOException("the cluster's answer does not fit what was asked");
      }
      node.verify(authority.getPublicKey());
    } catch (GeneralSecurityException e) {
      throw new IOException("the cluster's answer was not signed by its authority", e);
    }
  }
}
