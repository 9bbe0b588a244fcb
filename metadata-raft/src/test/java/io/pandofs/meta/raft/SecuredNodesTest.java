package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.DurableFiles;
import io.pandofs.common.NodeId;
import io.pandofs.common.identity.CertificateAuthority;
import io.pandofs.common.identity.Certificates;
import io.pandofs.common.identity.Credentials;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.common.identity.JoinToken;
import io.pandofs.common.identity.Keyring;
import io.pandofs.common.identity.PeerName;
import io.pandofs.common.identity.PeerTrust;
import io.pandofs.common.net.NetThreads;
import io.pandofs.common.net.NettyConnections;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Tls;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.wire.ControlAnswer;
import io.pandofs.meta.wire.JoinAnswer;
import io.pandofs.meta.wire.JoinRequest;
import io.pandofs.meta.wire.ReadIndexAnswer;
import io.pandofs.meta.wire.ReadIndexRequest;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import io.pandofs.meta.wire.SessionRenewal;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
      try (Payload told =
          one.call(two, ControlMethods.READ_INDEX, asThree).get(30, TimeUnit.SECONDS)) {
        assertThat(ControlCodec.header(told, ReadIndexAnswer.parser()).getAnswer().getText())
            .contains("the certificate is not");
      }
      sessionsOfOthers(List.of(one, two, three));
      raftPort(one, two);
    }
  }

  @Test
  void aDamagedNodeIsTakenBackByItsCertificateUnderAnotherId() throws Exception {
    try (TestNode one = new TestNode(dir, "one");
        TestNode two = new TestNode(dir, "two");
        TestNode three = new TestNode(dir, "three");
        TestNode copy = new TestNode(dir, "copy")) {
      one.found();
      one.start();
      JoinToken token = one.replica().tokens().create(9, Duration.ofHours(1));
      two.enrol(one, token);
      two.start();
      three.enrol(one, token);
      three.start();
      MembershipTest.fill(three, "x", 10);

      onlyTheNodeItselfMayAsk(one, three, token);
      DamageTest.copy(two.dataDir, copy.dataDir);
      copy.secure();
      copy.putAside();
      assertThatThrownBy(() -> copy.joinAgain(one)).hasMessageContaining("n2 runs at");

      two.kill();
      two.putAside();
      assertThatThrownBy(() -> two.enrol(one, token)).hasMessageContaining("by itself");
      // Refused before it costs the vote.
      two.pretend(three);
      assertThatThrownBy(() -> two.joinAgain(one)).hasMessageContaining("is that of a member");
      assertThat(TestCluster.voters(one)).contains(new NodeId(2));
      two.move();
      DurableFiles.deleteTree(copy.dataDir);
      DamageTest.copy(two.dataDir, copy.dataDir);
      assertThat(two.joinAgain(three).node()).isEqualTo(new NodeId(4));
      Path aside = dir.resolve("aside");
      DamageTest.copy(copy.dataDir, aside);
      // As if the answer had not come: who asks again gets the same.
      DurableFiles.deleteTree(two.dataDir);
      DamageTest.copy(copy.dataDir, two.dataDir);
      two.secure();
      assertThat(two.joinAgain(one).node()).isEqualTo(new NodeId(4));
      assertThat(two.security.keyring().credentials().name().node()).isEqualTo(new NodeId(4));
      two.start();
      DurableFiles.deleteTree(copy.dataDir);
      DamageTest.copy(aside, copy.dataDir);
      copy.secure();
      assertThatThrownBy(() -> copy.joinAgain(one)).hasMessageContaining("n4, which votes");
      NodeId[] now = {new NodeId(1), new NodeId(3), new NodeId(4)};
      assertThat(TestCluster.voters(one)).containsExactlyInAnyOrder(now);
      one.kill();
      MembershipTest.fill(two, "y", 10);
      one.start();
      // The leader has to hear of the first again before it does without this one.
      await()
          .atMost(Duration.ofSeconds(20))
          .ignoreExceptionsInstanceOf(RefusedException.class)
          .untilAsserted(() -> three.replica().admin().remove(new NodeId(4)));
      two.kill();
      DamageTest.replicaGone(two.dataDir);
      assertThatThrownBy(() -> two.joinAgain(three)).hasMessageContaining("no member");
    }
  }

  private static void onlyTheNodeItselfMayAsk(TestNode leader, TestNode other, JoinToken token)
      throws Exception {
    JoinRequest asTwo = JoinRequest.newBuilder().setReplaces(2).build();
    try (NetThreads net = new NetThreads("stranger", 1);
        NettyConnections stranger =
            new NettyConnections(
                net, Tls.newcomer(token.authority()), NettyConnections.Limits.DEFAULT)) {
      for (CompletableFuture<Payload> asked :
          List.of(
              leader.call(other, ControlMethods.JOIN, ControlCodec.payload(asTwo)),
              stranger.call(
                  Addresses.parse(leader.control()),
                  ControlMethods.JOIN,
                  ControlCodec.payload(asTwo),
                  Duration.ofSeconds(20)))) {
        try (Payload told = asked.get(30, TimeUnit.SECONDS)) {
          assertThat(ControlCodec.header(told, JoinAnswer.parser()).getAnswer().getText())
              .contains("the certificate is not");
        }
      }
    }
  }

  @Test
  void aTokenDoesNotBringAVoterBackWithoutItsLog() throws Exception {
    try (TestNode one = new TestNode(dir, "one");
        TestNode two = new TestNode(dir, "two");
        TestNode three = new TestNode(dir, "three")) {
      one.found();
      one.start();
      JoinToken token = one.replica().tokens().create(9, Duration.ofHours(1));
      for (TestNode newcomer : List.of(two, three)) {
        newcomer.enrol(one, token);
        newcomer.start();
      }
      two.kill();
      DamageTest.replicaGone(two.dataDir);
      assertThatThrownBy(() -> two.enrol(three, token)).hasMessageContaining("n2, which votes");
    }
  }

  /** A member ends no session of another, and keeps none alive. */
  private static void sessionsOfOthers(List<TestNode> nodes) throws Exception {
    TestNode leader = null;
    for (TestNode node : nodes) {
      leader = node.status().role().equals("LEADER") ? node : leader;
    }
    assertThat(leader).isNotNull();
    MetadataSession session = nodes.get(1).session();
    TestNode three = nodes.get(2);
    byte[] end = LogCodec.encode(new LogEntry.ExpireSession(session.id()));
    Payload proposal = ControlCodec.payload(ControlAnswer.getDefaultInstance(), end);
    try (Payload answer =
        leader.call(three, ControlMethods.PROPOSE, proposal).get(30, TimeUnit.SECONDS)) {
      assertThat(ControlCodec.header(answer, ControlAnswer.parser()).getText())
          .contains("another node's");
    }
    RenewRequest renewal =
        RenewRequest.newBuilder()
            .setNode(three.status().node().value())
            .setWallMillis(System.currentTimeMillis())
            .addSessions(SessionRenewal.newBuilder().setSession(session.id().value()))
            .build();
    try (Payload answer =
        leader
            .call(three, ControlMethods.RENEW, ControlCodec.payload(renewal))
            .get(30, TimeUnit.SECONDS)) {
      assertThat(ControlCodec.header(answer, RenewAnswer.parser()).getUnknownList())
          .containsExactly(session.id().value());
    }
    assertThat(session.expired()).isNotDone();
    session.close();
  }

  @Test
  void whoShowsAWrongTokenComesIntoNoLog() throws Exception {
    try (TestNode one = new TestNode(dir, "one");
        NetThreads net = new NetThreads("stranger", 1)) {
      one.found();
      one.start();
      JoinToken token = one.replica().tokens().create(1, Duration.ofHours(1));
      JoinRequest request =
          JoinRequest.newBuilder()
              .setName("x")
              .setControl("127.0.0.1:1")
              .setRaft("127.0.0.1:2")
              .setBlocks("127.0.0.1:3")
              .setFormatVersion(Identity.FORMAT)
              .setToken(token.id())
              .setSecret(com.google.protobuf.ByteString.copyFrom(new byte[16]))
              .setCertificateRequest(
                  com.google.protobuf.ByteString.copyFrom(
                      Certificates.request(Certificates.newKey(new SecureRandom()))))
              .setWallMillis(System.currentTimeMillis())
              .build();
      final long before = one.status().applied();
      try (NettyConnections stranger =
          new NettyConnections(
              net, Tls.newcomer(token.authority()), NettyConnections.Limits.DEFAULT)) {
        for (int i = 0; i < 60; i++) {
          try (Payload answer =
              stranger
                  .call(
                      Addresses.parse(one.control()),
                      ControlMethods.JOIN,
                      ControlCodec.payload(request),
                      Duration.ofSeconds(30))
                  .get(30, TimeUnit.SECONDS)) {
            assertThat(ControlCodec.header(answer, JoinAnswer.parser()).getAnswer().getStatus())
                .isEqualTo(ControlAnswer.Status.REFUSED);
          }
        }
      }
      assertThat(one.status().applied() - before).as("entries").isLessThan(30);
      assertThatThrownBy(() -> Addresses.parse("1.2.3.4\nforged:1"))
          .hasMessage("not an address: 1.2.3.4?forged:1");
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
    KeyPair key = Certificates.newKey(new SecureRandom());
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
    silentStrangersMakeRoom(target, two);
  }

  /** Of those who only hold places at the Raft port all but a few go long before their time. */
  private static void silentStrangersMakeRoom(TestNode target, Keyring member) throws Exception {
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < 30; i++) {
        InetSocketAddress raft = Addresses.parse(target.raft());
        silent.add(new Socket(raft.getHostString(), raft.getPort()));
      }
      await()
          .atMost(Duration.ofSeconds(4))
          .until(() -> silent.stream().filter(SecuredNodesTest::isEnded).count() >= 30 - 16);
      assertThat(asked(target, member, "n2", "n1")).doesNotContain("UNAVAILABLE");
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  private static boolean isEnded(Socket socket) {
    try {
      socket.setSoTimeout(1);
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true; // reset
    }
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
