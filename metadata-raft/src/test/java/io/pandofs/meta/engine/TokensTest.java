package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogEntry.AdmitNode.Refusal;
import io.pandofs.meta.log.LogReply;
import org.junit.jupiter.api.Test;

/** Join tokens through the engine. */
class TokensTest {
  private static final Fingerprint SECRET = Fingerprint.of(new byte[] {1});
  private static final Fingerprint OTHER = Fingerprint.of(new byte[] {2});
  private static final long ID = 77;
  private static final long VALID_SECONDS = 100;

  private final EngineRig rig = new EngineRig();

  private LogReply create(long id, int uses) {
    return rig.apply(
        new LogEntry.CreateToken(id, SECRET, uses, later(VALID_SECONDS), EngineRig.NOW));
  }

  private static Timestamp later(long seconds) {
    return new Timestamp(EngineRig.NOW.seconds() + seconds, 0);
  }

  private LogReply admit(long token, Fingerprint secret, int key, long after, String address) {
    return rig.apply(
        new LogEntry.AdmitNode(
            token,
            secret,
            Fingerprint.of(new byte[] {3, (byte) key}),
            later(after),
            new LogEntry.RegisterNode(0, "x", address, address + "1", address + "2")));
  }

  private void refused(LogReply reply, Refusal why) {
    assertThat(reply.status()).isEqualTo(LogReply.Status.REFUSED);
    assertThat(reply.number()).isEqualTo(why.code());
    assertThat(nodes()).isEqualTo(before);
  }

  private int before = nodes();

  private int nodes() {
    return new ClusterView(rig.store).nodes().size();
  }

  @Test
  void aTokenLetsInAsManyAsItSays() {
    create(ID, 2);
    assertThat(admit(ID, SECRET, 1, 0, "c:1").number()).isEqualTo(2);
    assertThat(admit(ID, SECRET, 2, 0, "d:1").number()).isEqualTo(3);
    before = nodes();
    refused(admit(ID, SECRET, 3, 0, "e:1"), Refusal.USED_UP);
    assertThat(new ClusterView(rig.store).tokens().get(0).usesLeft()).isZero();
  }

  @Test
  void theSameKeyIsLetInOnceAndUsesOnce() {
    create(ID, 1);
    assertThat(admit(ID, SECRET, 1, 0, "c:1").number()).isEqualTo(2);
    before = nodes();
    assertThat(admit(ID, SECRET, 1, 0, "c:1").number()).isEqualTo(2);
    // Long after, and from elsewhere: it is that node all the same.
    assertThat(admit(ID, OTHER, 1, 1000, "f:1").number()).isEqualTo(2);
    assertThat(new ClusterView(rig.store).node(new NodeId(2)).control()).isEqualTo("f:1");
    assertThat(nodes()).isEqualTo(before);
    rig.apply(new LogEntry.RemoveNode(new NodeId(2)));
    before = nodes();
    refused(admit(ID, SECRET, 1, 0, "c:1"), Refusal.USED_UP);
  }

  private LogReply replace(long gone, int key, String address) {
    return rig.apply(
        new LogEntry.ReplaceNode(
            new NodeId(gone),
            Fingerprint.of(new byte[] {3, (byte) key}),
            new LogEntry.RegisterNode(0, "x", address, address + "1", address + "2")));
  }

  @Test
  void aMemberComesBackUnderAnotherIdOnceHoweverOftenItAsks() {
    create(ID, 1);
    assertThat(admit(ID, SECRET, 1, 0, "c:1").number()).isEqualTo(2);
    before = nodes();
    refused(replace(2, 1, "a:1"), Refusal.ADDRESS_TAKEN);
    rig.apply(new LogEntry.PlaceNode(new NodeId(2)));
    final long epoch = new ClusterView(rig.store).placement().epoch();
    assertThat(replace(2, 1, "e:1").number()).isEqualTo(3);
    assertThat(new ClusterView(rig.store).node(new NodeId(2))).isNull();
    assertThat(new ClusterView(rig.store).placement().epoch()).isEqualTo(epoch + 1);
    // The answer was lost; or it comes from elsewhere now.
    assertThat(replace(2, 1, "c:1").number()).isEqualTo(3);
    assertThat(replace(2, 1, "d:1").number()).isEqualTo(3);
    assertThat(new ClusterView(rig.store).node(new NodeId(3)).control()).isEqualTo("d:1");
    assertThat(nodes()).isEqualTo(before);
    assertThat(replace(3, 1, "d:1").number()).isEqualTo(4);
    assertThat(nodes()).isEqualTo(before);
  }

  @Test
  void whoComesBackTakesNoAddressOfAnotherAndLeavesSomebodyWithTheBlocks() {
    create(ID, 1);
    assertThat(admit(ID, SECRET, 1, 0, "c:1").number()).isEqualTo(2);
    before = nodes();
    refused(replace(1, 9, "e:1"), Refusal.LAST_HOLDER);
    rig.apply(new LogEntry.PlaceNode(new NodeId(2)));
    assertThat(replace(2, 1, "e:1").number()).isEqualTo(3);
    // The answer was lost: it asks again, but now from where another one is.
    rig.addNode("f:1");
    before = nodes();
    LogEntry.RegisterNode half = new LogEntry.RegisterNode(0, "x", "g:1", "r", "g:3");
    refused(
        rig.apply(new LogEntry.ReplaceNode(new NodeId(2), Fingerprint.of(new byte[] {3, 1}), half)),
        Refusal.ADDRESS_TAKEN);
  }

  @Test
  void whoWasRemovedDoesNotComeBackByItsCertificate() {
    create(ID, 1);
    assertThat(admit(ID, SECRET, 1, 0, "c:1").number()).isEqualTo(2);
    rig.apply(new LogEntry.RemoveNode(new NodeId(2)));
    before = nodes();
    refused(replace(2, 1, "c:1"), Refusal.NOT_A_MEMBER);
    refused(replace(9, 5, "c:1"), Refusal.NOT_A_MEMBER);
  }

  @Test
  void aWrongSecretAndAnUnknownTokenAreRefusedAlike() {
    create(ID, 2);
    refused(admit(ID, OTHER, 1, 0, "c:1"), Refusal.NO_TOKEN);
    refused(admit(ID + 1, SECRET, 1, 0, "c:1"), Refusal.NO_TOKEN);
    assertThat(new ClusterView(rig.store).tokens().get(0).usesLeft()).isEqualTo(2);
  }

  @Test
  void aTokenExpires() {
    create(ID, 2);
    refused(admit(ID, SECRET, 1, VALID_SECONDS, "c:1"), Refusal.EXPIRED);
    assertThat(admit(ID, SECRET, 1, VALID_SECONDS - 1, "c:1").status())
        .isEqualTo(LogReply.Status.OK);
  }

  @Test
  void aTokenIsRevoked() {
    create(ID, 2);
    assertThat(rig.apply(new LogEntry.RevokeToken(ID)).number()).isEqualTo(1);
    assertThat(rig.apply(new LogEntry.RevokeToken(ID)).number()).isZero();
    refused(admit(ID, SECRET, 1, 0, "c:1"), Refusal.NO_TOKEN);
  }

  @Test
  void anAddressOfAMemberIsRefusedAndUsesNothing() {
    create(ID, 1);
    refused(admit(ID, SECRET, 1, 0, "a:1"), Refusal.ADDRESS_TAKEN);
    assertThat(new ClusterView(rig.store).tokens().get(0).usesLeft()).isEqualTo(1);
  }

  /** A group that counts on a node that never comes could store nothing. */
  @Test
  void whoIsLetInHoldsNoGroupBeforeItIsThere() {
    create(ID, 1);
    ClusterView cluster = new ClusterView(rig.store);
    Placement alone = cluster.placement();
    NodeId newcomer = new NodeId(admit(ID, SECRET, 1, 0, "c:1").number());
    assertThat(cluster.placement()).isEqualTo(alone);
    rig.apply(new LogEntry.PlaceNode(newcomer));
    assertThat(cluster.placement().replicas(0)).contains(newcomer);
  }

  /** Whoever has seen a member's request for its certificate can send it again. */
  @Test
  void aKnownKeyMovesToNoAddressOfAnother() {
    create(ID, 2);
    admit(ID, SECRET, 1, 0, "c:1");
    admit(ID, SECRET, 2, 0, "d:1");
    before = nodes();
    LogEntry.RegisterNode half = new LogEntry.RegisterNode(0, "x", "e:1", "d:11", "e:12");
    refused(
        rig.apply(
            new LogEntry.AdmitNode(
                ID, SECRET, Fingerprint.of(new byte[] {3, 1}), EngineRig.NOW, half)),
        Refusal.ADDRESS_TAKEN);
  }

  @Test
  void tokensAreBoundedAndExpiredOnesMakeRoom() {
    for (int i = 1; i <= Tokens.MAX; i++) {
      assertThat(create(i, 1).status()).isEqualTo(LogReply.Status.OK);
    }
    assertThat(create(5, 1).number()).as("repeated").isEqualTo(5);
    assertThat(create(ID + Tokens.MAX, 1).status()).isEqualTo(LogReply.Status.REFUSED);
    LogReply later =
        rig.apply(
            new LogEntry.CreateToken(
                9999, SECRET, 1, later(VALID_SECONDS + 10), later(VALID_SECONDS)));
    assertThat(later.status()).isEqualTo(LogReply.Status.OK);
    assertThat(new ClusterView(rig.store).tokens()).hasSize(1);
    assertThat(create(3, 0).status()).isEqualTo(LogReply.Status.REFUSED);
    assertThat(create(3, Tokens.USES_MAX + 1).status()).isEqualTo(LogReply.Status.REFUSED);
  }
}
