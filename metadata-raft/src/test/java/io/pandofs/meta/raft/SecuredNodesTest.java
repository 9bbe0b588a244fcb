package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.NodeId;
import io.pandofs.common.identity.CertificateAuthority;
import io.pandofs.common.identity.Credentials;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.common.identity.JoinToken;
import io.pandofs.common.identity.Keyring;
import io.pandofs.common.identity.PeerName;
import io.pandofs.common.identity.PeerTrust;
import io.pandofs.common.net.Payload;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.wire.ReadIndexRequest;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexReplyProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexRequestProto;
import org.apache.ratis.proto.grpc.RaftServerProtocolServiceGrpc;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.ManagedChannel;
import org.apache.ratis.thirdparty.io.grpc.netty.GrpcSslContexts;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyChannelBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replicas whose connections and Raft group are encrypted, and nodes that speak for others. */
class SecuredNodesTest {
  @TempDir Path dir;

  @Test
  void threeNodesGrowAndNobodySpeaksForAnother() throws Exception {
    try (TestNode one = new TestNode(dir, "one");
        TestNode two = new TestNode(dir, "two");
        TestNode three = new TestNode(dir, "three")) {
      one.found();
      one.start();
      JoinToken token = one.replica().tokens().create(1, Duration.ofHours(1));
      two.enrol(one, token);
      two.start();
      assertThatThrownBy(() -> three.enrol(two, token)).hasMessageContaining("used up");
      // Through a member that does not lead; n2 can sign when n1 is gone.
      three.enrol(two, two.replica().tokens().create(1, Duration.ofHours(1)));
      three.start();
      assertThat(TestCluster.voters(one)).hasSize(3);
      assertThat(two.dataDir.resolve("identity").resolve("ca.key")).exists();
      MembershipTest.fill(three, "x", 10);

      Payload asThree = ControlCodec.payload(ReadIndexRequest.newBuilder().setNode(3).build());
      assertThatThrownBy(
              () -> one.call(two, ControlMethods.READ_INDEX, asThree).get(30, TimeUnit.SECONDS))
          .hasMessageContaining("the certificate is not");
      raftPort(one, two);
    }
  }

  private static void raftPort(TestNode target, TestNode other) throws Exception {
    Keyring two = other.security.keyring();
    assertThat(asked(target, two, "n2", "n1")).doesNotContain("PERMISSION_DENIED");
    assertThat(asked(target, two, "n3", "n1")).contains("PERMISSION_DENIED", "certificate");
    assertThat(asked(target, two, "n2", "n3")).contains("PERMISSION_DENIED", "is for n3");
    CertificateAuthority foreign =
        CertificateAuthority.create(
            two.credentials().name().cluster(), new SystemClock().now(), new SecureRandom());
    KeyPair key = io.pandofs.common.identity.Certificates.newKey(new SecureRandom());
    Keyring liar =
        new Keyring(
            new Credentials(
                key.getPrivate(),
                foreign.sign(
                    key.getPublic(),
                    new PeerName(two.credentials().name().cluster(), new NodeId(2)),
                    new SystemClock().now()),
                two.credentials().authority()));
    assertThat(asked(target, liar, "n2", "n1")).contains("UNAVAILABLE");
  }

  /** Asks for a read index on the Raft port; the answer or the failure as text. */
  private static String asked(TestNode target, Keyring with, String by, String to)
      throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forTarget(target.raft())
            .sslContext(
                GrpcSslContexts.forClient()
                    .keyManager(with.keyManager())
                    .trustManager(PeerTrust.pinned(Fingerprint.of(with.credentials().authority())))
                    .build())
            .build();
    try {
      ReadIndexReplyProto reply =
          RaftServerProtocolServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(20, TimeUnit.SECONDS)
              .readIndex(
                  ReadIndexRequestProto.newBuilder()
                      .setServerRequest(
                          RaftRpcRequestProto.newBuilder()
                              .setRequestorId(ByteString.copyFromUtf8(by))
                              .setReplyId(ByteString.copyFromUtf8(to)))
                      .build());
      return reply.toString();
    } catch (org.apache.ratis.thirdparty.io.grpc.StatusRuntimeException e) {
      return e.getStatus().toString();
    } finally {
      channel.shutdownNow();
    }
  }
}
