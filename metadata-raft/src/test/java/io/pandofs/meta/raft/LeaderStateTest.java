package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
