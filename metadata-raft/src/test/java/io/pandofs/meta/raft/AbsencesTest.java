package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.NodeId;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.wire.MemberMessage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When the leader gives a silent node's groups to others, and when it gives them back. */
class AbsencesTest {
  private static final long OUT_AFTER = 600_000;
  private static final long NEWEST = 100_000;

  private final List<ClusterView.Node> nodes = new ArrayList<>();
  private final List<MemberMessage> peers = new ArrayList<>();

  private void member(long id, boolean leaving, boolean out, long silentMillis, long matched) {
    nodes.add(new ClusterView.Node(new NodeId(id), "n" + id, "c", "r", "b", 0, true, leaving, out));
    peers.add(
        MemberMessage.newBuilder()
            .setNode(id)
            .setVoter(true)
            .setSilentMillis(silentMillis)
            .setMatched(matched)
            .setHeard(true)
            .build());
  }

  private void alive(long... ids) {
    for (long id : ids) {
      member(id, false, false, 10, NEWEST);
    }
  }

  private LogEntry.OutNode due() {
    return Absences.due(nodes, 3, peers, OUT_AFTER);
  }

  @Test
  void aNodeThatIsSilentForLongIsOutIfThreeOthersHoldBlocks() {
    alive(1, 2, 3);
    member(4, false, false, OUT_AFTER + 1, 5);
    assertThat(due()).isEqualTo(new LogEntry.OutNode(new NodeId(4), true));
  }

  @Test
  void notSooner() {
    alive(1, 2, 3);
    member(4, false, false, OUT_AFTER, 5);
    assertThat(due()).isNull();
  }

  @Test
  void notWhenNobodyIsThereToTakeItsCopies() {
    alive(1, 2);
    member(3, false, false, OUT_AFTER + 1, 5);
    assertThat(due()).isNull();
    member(4, true, false, 10, NEWEST);
    assertThat(due()).as("one that is to leave takes none").isNull();
    member(5, false, false, 4_000, NEWEST);
    assertThat(due()).as("one that is silent itself takes none").isNull();
  }

  @Test
  void aNodeThatIsBackHoldsItsShareOnceItHasCaughtUp() {
    alive(1, 2, 3);
    member(4, false, true, 10, NEWEST / 2);
    assertThat(due()).isNull();
    nodes.remove(3);
    peers.remove(3);
    member(4, false, true, 10, NEWEST - 5);
    assertThat(due()).isEqualTo(new LogEntry.OutNode(new NodeId(4), false));
  }

  @Test
  void aNodeThatIsOutAndStillSilentIsLeftAlone() {
    alive(1, 2, 3);
    member(4, false, true, OUT_AFTER + 1, 5);
    assertThat(due()).isNull();
  }
}
