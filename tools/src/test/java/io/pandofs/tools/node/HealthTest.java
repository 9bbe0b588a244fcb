package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.NodeId;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.Payload;
import io.pandofs.meta.raft.ReplicaStatus;
import io.pandofs.tools.space.ClusterSpace;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What is complained about. */
class HealthTest {
  private static final NodeId SELF = new NodeId(1);

  private final HandClock clock = new HandClock();
  private final Health health = new Health(clock);
  private final ClusterSpace space =
      new ClusterSpace(
          SELF,
          new Connections() {
            @Override
            public CompletableFuture<Payload> call(
                InetSocketAddress to, int method, Payload request, Duration deadline) {
              throw new AssertionError("nobody is asked");
            }

            @Override
            public Connections expecting(NodeId node) {
              return this;
            }

            @Override
            public void close() {}
          },
          () -> {
            throw new AssertionError("nobody is asked");
          },
          () -> new ClusterSpace.Members(Map.of(), List.of()),
          () -> 0);

  private List<String> problems(long logStandsMillis) {
    return problems(logStandsMillis, 0);
  }

  private List<String> problems(long logStandsMillis, long clockAheadMillis) {
    ReplicaStatus.Reads reads = new ReplicaStatus.Reads(true, 5, 0, 0, 0, 0);
    health.look(
        new ReplicaStatus(
            SELF,
            1,
            "LEADER",
            SELF,
            1,
            List.of(SELF),
            5,
            5,
            -1,
            logStandsMillis,
            1,
            true,
            clockAheadMillis,
            Map.of(),
            reads,
            null),
        0,
        space);
    return health.problems();
  }

  @Test
  void aDiskThatHangsIsComplainedAboutUntilItWrites() {
    assertThat(problems(4_000)).isEmpty();
    assertThat(problems(7_300)).singleElement().asString().contains("raft/", "7 s");
    assertThat(problems(0)).isEmpty();
  }

  /** Over half a second, either way, and not for a renewal that was held up. */
  @Test
  void aClockThatIsWrongIsComplainedAboutOnceThatLasts() {
    assertThat(problems(0, 400)).isEmpty();
    for (long ahead : new long[] {700, -900}) {
      assertThat(problems(0, ahead)).isEmpty();
      clock.advance(Duration.ofSeconds(4));
      assertThat(problems(0, ahead)).singleElement().asString().contains(ahead + " ms", "clock");
      assertThat(problems(0, 100)).isEmpty();
    }
  }
}
