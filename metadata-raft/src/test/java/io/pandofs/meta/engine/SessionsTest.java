package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.LogReply.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionsTest {
  private final EngineRig rig = new EngineRig();

  /** Each operation takes a number: applied twice, it would answer another one. */
  @Test
  void whateverIsSentAgainEachOperationIsAppliedOnce() {
    for (long seed = 1; seed <= 20; seed++) {
      SessionId session = register(rig.node);
      Random random = new Random(seed);
      Map<Long, Reply> answers = new HashMap<>();
      Set<Long> granted = new HashSet<>();
      long last = 0;
      long acknowledged = 0;
      for (int i = 0; i < 300; i++) {
        long first = Math.max(1, last + 1 - random.nextInt(5) + random.nextInt(4));
        int count = random.nextInt(6);
        if (random.nextInt(3) == 0) {
          acknowledged = Math.max(acknowledged, last - random.nextInt(5));
        }
        LogReply reply = batch(session, first, acknowledged, count);
        if (first > last + 1) {
          assertThat(reply.status()).as("seed %s", seed).isEqualTo(Status.GAP);
          continue;
        }
        if (reply.status() == Status.FORGOTTEN) {
          assertThat(first).as("seed %s", seed).isLessThanOrEqualTo(acknowledged);
          continue;
        }
        assertThat(reply.status()).isEqualTo(Status.OK);
        for (int j = 0; j < count; j++) {
          Reply answer = reply.replies().get(j);
          Reply before = answers.putIfAbsent(first + j, answer);
          if (before == null) {
            assertThat(granted.add(answer.number())).as("seed %s", seed).isTrue();
          } else {
            assertThat(answer).as("seed %s", seed).isEqualTo(before);
          }
        }
        last = Math.max(last, first + count - 1);
        assertThat(new ClusterView(rig.store).session(session).last()).isEqualTo(last);
      }
    }
  }

  @Test
  void acknowledgedRepliesAreForgottenAndAMistakenAcknowledgementIsNotBelieved() {
    SessionId session = register(rig.node);
    batch(session, 1, 100, 3);
    assertThat(batch(session, 1, 0, 3).status()).isEqualTo(Status.OK);
    batch(session, 4, 2, 1);
    assertThat(batch(session, 2, 2, 1).status()).isEqualTo(Status.FORGOTTEN);
    assertThat(batch(session, 3, 2, 1).status()).isEqualTo(Status.OK);
    long rows = results(session);
    assertThat(rows).isEqualTo(2);
  }

  @Test
  void aSessionThatIsOverIsFencedAndNothingOfItIsLeft() {
    SessionId session = register(rig.node);
    batch(session, 1, 0, 3);
    rig.told.clear();
    rig.apply(new LogEntry.ExpireSession(session));
    rig.apply(new LogEntry.ExpireSession(session));
    assertThat(rig.told).containsExactly("ended " + session);
    assertThat(batch(session, 4, 0, 1).status()).isEqualTo(Status.FENCED);
    assertThat(results(session)).isZero();
    assertThat(register(rig.node).value()).isGreaterThan(session.value());
  }

  @Test
  void aNodeThatComesBackAtItsAddressReplacesItselfAndEndsItsSessions() {
    SessionId session = register(rig.node);
    rig.told.clear();
    NodeId next = rig.addNode("a:1");
    assertThat(next).isNotEqualTo(rig.node);
    assertThat(rig.told).contains("ended " + session, "placement");
    ClusterView cluster = new ClusterView(rig.store);
    assertThat(cluster.nodes()).extracting(ClusterView.Node::id).containsExactly(next);
    assertThat(cluster.placement().replicas(0)).containsExactly(next);
  }

  @Test
  void theRootIsWhoseTheVolumeIs() throws Exception {
    MemoryStore store = new MemoryStore();
    new LogEngine()
        .apply(new LogEntry.Format(7, new Caller(1000, -2), EngineRig.NOW), 1, store, rig);
    Attributes root = new TableView(store, 1, () -> {}).attributes(InodeId.ROOT);
    assertThat(root.uid()).isEqualTo(1000);
    assertThat(root.gid()).isEqualTo(-2);
  }

  @Test
  void entriesThatMakeNoSenseAreRefused() {
    assertThat(status(new LogEntry.Format(7, Caller.ROOT, EngineRig.NOW)))
        .isEqualTo(Status.REFUSED);
    assertThat(status(new LogEntry.RemoveNode(new NodeId(77)))).isEqualTo(Status.REFUSED);
    assertThat(status(new LogEntry.RegisterSession(new NodeId(77), EngineRig.NOW)))
        .isEqualTo(Status.REFUSED);
    assertThat(status(new LogEntry.RegisterNode(77, "n", "z", "r", "b"))).isEqualTo(Status.REFUSED);
    rig.addNode("b:1");
    // Each of the addresses is one node's.
    long own = rig.node.value();
    ClusterView.Node other = new ClusterView(rig.store).nodes().get(1);
    for (LogEntry.RegisterNode taken :
        List.of(
            new LogEntry.RegisterNode(own, "n", other.control(), "c:2", "c:3"),
            new LogEntry.RegisterNode(own, "n", "c:1", other.raft(), "c:3"),
            new LogEntry.RegisterNode(own, "n", "c:1", "c:2", other.blocks()))) {
      assertThat(status(taken)).isEqualTo(Status.REFUSED);
    }
    assertThat(status(new LogEntry.RegisterNode(own, "n", "c:1", "c:2", "c:3")))
        .isEqualTo(Status.OK);
    LogReply unformatted =
        rig.engine.apply(
            new LogEntry.Reap(List.of(InodeId.ROOT), 1), 1, new MemoryStore(), LocalEffects.NONE);
    assertThat(unformatted.status()).isEqualTo(Status.REFUSED);
  }

  private Status status(LogEntry entry) {
    return rig.apply(entry).status();
  }

  private SessionId register(NodeId node) {
    return new SessionId(rig.apply(new LogEntry.RegisterSession(node, EngineRig.NOW)).number());
  }

  private LogReply batch(SessionId session, long first, long acknowledged, int count) {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      requests.add(
          new Request(
              new Operation.ReserveNumbers(NumberKind.INODE, 1), Caller.ROOT, EngineRig.NOW));
    }
    return rig.apply(new LogEntry.Batch(session, first, acknowledged, requests));
  }

  private long results(SessionId session) {
    long rows = 0;
    try (ReadStore.Cursor cursor =
        rig.store.scan(Table.RESULTS, Keys.of(session.value()), Keys.after(session.value()))) {
      while (cursor.next()) {
        rows++;
      }
    }
    return rows;
  }
}
