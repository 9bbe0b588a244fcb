package io.pandofs.block.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.NodeId;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PeerLoadsTest {
  private static final long MILLI = 1_000_000;
  private static final NodeId A = new NodeId(1);
  private static final NodeId B = new NodeId(2);
  private final PeerLoads loads = new PeerLoads(10 * MILLI, 300 * MILLI);

  private void reads(NodeId node, int times, long nanos) {
    for (int i = 0; i < times; i++) {
      loads.begin(node);
      loads.end(node, nanos);
    }
  }

  @Test
  void theQuickNodeIsAskedFirst() {
    reads(A, 50, 150 * MILLI);
    reads(B, 50, 3 * MILLI);
    assertThat(loads.order(List.of(A, B))).containsExactly(B, A);
    assertThat(loads.order(List.of(B, A))).containsExactly(B, A);
  }

  @Test
  void theIdleNodeIsAskedFirst() {
    reads(A, 50, 3 * MILLI);
    reads(B, 50, 3 * MILLI);
    assertThat(loads.order(List.of(A, B))).containsExactly(A, B);
    for (int i = 0; i < 4; i++) {
      loads.begin(A);
    }
    assertThat(loads.order(List.of(A, B))).containsExactly(B, A);
    for (int i = 0; i < 4; i++) {
      loads.end(A, 3 * MILLI);
    }
    assertThat(loads.order(List.of(A, B))).containsExactly(A, B);
  }

  @Test
  void aSlowNodeThatGotWellIsTrustedAgain() {
    reads(A, 50, 200 * MILLI);
    reads(B, 50, 3 * MILLI);
    assertThat(loads.order(List.of(A, B))).containsExactly(B, A);
    // Though nobody asks it meanwhile.
    reads(B, 500, 3 * MILLI);
    assertThat(loads.order(List.of(A, B))).containsExactly(A, B);
  }

  @Test
  void theSecondQuestionComesWhenFewAnswersAreLater() {
    assertThat(loads.hedgeNanos(A)).isEqualTo(300 * MILLI);
    reads(A, 60, 20 * MILLI);
    reads(A, 2, 290 * MILLI);
    assertThat(loads.hedgeNanos(A)).isEqualTo(20 * MILLI);
    reads(A, 60, MILLI);
    assertThat(loads.hedgeNanos(A)).isEqualTo(10 * MILLI);
    reads(A, 60, 900 * MILLI);
    assertThat(loads.hedgeNanos(A)).isEqualTo(300 * MILLI);
  }
}
