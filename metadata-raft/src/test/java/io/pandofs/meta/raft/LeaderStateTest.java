package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.net.Payload;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.meta.wire.ControlAnswer;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import io.pandofs.meta.wire.SessionRenewal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaderStateTest {
  @TempDir Path dir;

  /**
   * A confirmed commit index says nothing of now: while the others are gone, the leader must not
   * answer, though it has not stepped down yet; nor tell its own mounts that their sessions live.
   */
  @Test
  void aLeaderThatIsAloneProvesNothingByWhatWasConfirmedBefore() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {});
        RocksMemory memory = new RocksMemory(16 << 20, 4 << 20);
        LiveTables tables = LiveTables.open(Files.createDirectories(dir.resolve("none")), memory)) {
      TestNode leader = cluster.leader();
      RatisNode ratis = leader.replica().ratis();
      LeaderDuties duties =
          new LeaderDuties(ratis, tables, new HandClock(), RaftTiming.SHARED_CORES);
      duties.renew(RenewRequest.newBuilder().setNode(1).build()).get(10, TimeUnit.SECONDS);
      ratis.linearize().get(10, TimeUnit.SECONDS);
      List<TestNode> others = new ArrayList<>(cluster.nodes);
      others.remove(leader);
      others.get(0).kill();
      confirmed(ratis, leader.status().committed() + 1000);
      CompletableFuture<Void> killed =
          CompletableFuture.runAsync(
              () -> {
                try {
                  others.get(1).kill();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      LeaderState state = new LeaderState();
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(5))
          .atMost(Duration.ofSeconds(20))
          .until(() -> !state.holdsLease(ratis.division()));
      assertThat(ratis.leads()).as("still thinks that it leads").isTrue();
      CompletableFuture<RenewAnswer> renewal =
          duties.renew(RenewRequest.newBuilder().setNode(1).build());
      assertThatThrownBy(() -> ratis.linearize().get(10, TimeUnit.SECONDS))
          .isInstanceOf(Exception.class);
      assertThatThrownBy(() -> renewal.get(10, TimeUnit.SECONDS)).isInstanceOf(Exception.class);
      killed.get(30, TimeUnit.SECONDS);
    }
  }

  /**
   * It goes on thinking that it leads, and its own mount's session must not live by that: the next
   * leader's timer for it may have begun already.
   */
  @Test
  void aLeaderThatIsAloneRenewsNoSession() throws Exception {
    RaftTiming slow =
        RaftTiming.SHARED_CORES.withElection(Duration.ofSeconds(3), Duration.ofSeconds(6));
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.timing = slow)) {
      TestNode leader = cluster.leader();
      MetadataSession session = leader.session();
      await().atMost(Duration.ofSeconds(20)).until(session::surelyLives);
      assertThat(renewed(leader, session)).isTrue();
      RatisNode ratis = leader.replica().ratis();
      for (TestNode node : cluster.nodes) {
        if (node != leader) {
          node.hang();
        }
      }
      long cut = System.nanoTime();
      long lease = leader.timing.freshness().toNanos();
      // Whatever it was told before, it must not answer later than one lease after.
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(5))
          .until(() -> System.nanoTime() - cut > 2 * lease);
      assertThat(ratis.leads()).as("still thinks that it leads").isTrue();
      assertThat(renewed(leader, session)).isFalse();
    }
  }

  private static boolean renewed(TestNode leader, MetadataSession session) throws Exception {
    RenewRequest request =
        RenewRequest.newBuilder()
            .setNode(leader.status().node().value())
            .setWallMillis(System.currentTimeMillis())
            .addSessions(SessionRenewal.newBuilder().setSession(session.id().value()))
            .build();
    try (Payload answer =
        leader
            .call(leader, ControlMethods.RENEW, ControlCodec.payload(request))
            .get(30, TimeUnit.SECONDS)) {
      RenewAnswer renewed = ControlCodec.header(answer, RenewAnswer.parser());
      return renewed.getAnswer().getStatus() == ControlAnswer.Status.OK
          && renewed.getUnknownCount() == 0;
    } catch (ExecutionException e) {
      return false; // no answer in time
    }
  }

  /** As a read does that found no lease for a moment. */
  private static void confirmed(RatisNode ratis, long index) throws Exception {
    Object role = call(ratis.division(), "getRole");
    Object state = ((java.util.Optional<?>) call(role, "getLeaderState")).orElseThrow();
    Object heartbeats = field(state, "readIndexHeartbeats");
    ((org.apache.ratis.server.raftlog.RaftLogIndex) field(heartbeats, "ackedCommitIndex"))
        .updateToMax(index, text -> {});
  }

  private static Object call(Object on, String name) throws Exception {
    java.lang.reflect.Method method = on.getClass().getDeclaredMethod(name);
    method.setAccessible(true);
    return method.invoke(on);
  }

  private static Object field(Object on, String name) throws Exception {
    java.lang.reflect.Field field = on.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(on);
  }
}
