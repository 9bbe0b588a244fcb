package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.RemoteException;
import io.pandofs.meta.StoragePolicy;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.raft.ClusterAdmin;
import io.pandofs.meta.raft.RefusedException;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a removal and a drain ask of the cluster, in which order, and what they leave behind. */
final class NodeRemovalTest {
  private static final NodeId GOES = new NodeId(2);

  private final HandClock clock = new HandClock();
  private final FakeCluster cluster = new FakeCluster();
  private final NodeRemoval removal = new NodeRemoval(cluster, clock);

  /** Three nodes, of which the second is to go. Remembers what was changed. */
  private final class FakeCluster implements NodeRemoval.Cluster {
    final List<String> changes = new ArrayList<>();
    boolean drained;
    boolean moves = true;
    boolean hasLastCopies;
    boolean majorityWithout = true;
    boolean silent;
    @Nullable IOException mountFails;

    @Override
    public ClusterAdmin.Group list() {
      ClusterAdmin.Peer peer = new ClusterAdmin.Peer(true, true, 0, 7);
      return new ClusterAdmin.Group(
          new NodeId(1), 7, 2, StoragePolicy.DEFAULT, Map.of(new NodeId(1), peer, GOES, peer));
    }

    @Override
    public ClusterAdmin.Group checkRemoval(NodeId node) throws IOException {
      if (!majorityWithout) {
        throw new RefusedException("no majority");
      }
      return list();
    }

    @Override
    public ClusterAdmin.Group drain(NodeId node) {
      changes.add("drain " + node);
      drained = true;
      return list();
    }

    @Override
    public void keep(NodeId node) {
      changes.add("keep " + node);
      drained = false;
    }

    @Override
    public void remove(NodeId node) {
      changes.add("remove " + node);
    }

    @Override
    public List<ClusterView.Node> nodes() {
      return List.of(node(1, false), node(2, drained), node(3, false));
    }

    @Override
    public Placement placement() {
      return Placement.EMPTY.with(
          StoragePolicy.DEFAULT, Map.of(new NodeId(1), 1L, GOES, 1L, new NodeId(3), 1L));
    }

    @Override
    public NodeReport report(ClusterView.Node node, long index, long after) throws IOException {
      if (silent) {
        throw new IOException("no answer");
      }
      clock.advance(Duration.ofSeconds(16));
      boolean page = hasLastCopies && after == 0;
      return new NodeReport(
          7, 2, moves ? 0 : 5, 0, page ? List.of(new BlockId(1L << 16)) : List.of());
    }

    @Override
    public boolean endMount(ClusterView.Node node) throws IOException {
      if (mountFails != null) {
        throw mountFails;
      }
      return true;
    }

    ClusterView.Node goes() {
      return nodes().get(1);
    }
  }

  private static ClusterView.Node node(long id, boolean leaving) {
    return new ClusterView.Node(
        new NodeId(id), "n" + id, "h:1", "h:2", "h:3", 0, true, leaving, false);
  }

  @Test
  void aRemovalThatTheVotesForbidMovesNothing() {
    cluster.majorityWithout = false;
    assertThatThrownBy(() -> removal.remove(cluster.goes(), text -> {}))
        .isInstanceOf(RefusedException.class);
    assertThat(cluster.changes).isEmpty();
  }

  @Test
  void aNodeThatVotesOnIsDrainedWhateverTheVotes() throws Exception {
    cluster.majorityWithout = false;
    removal.drain(cluster.goes(), text -> {});
    assertThat(cluster.changes).containsExactly("drain n2");
  }

  @Test
  void aNodeThatStaysHoldsItsGroupsAgain() {
    cluster.moves = false;
    assertThatThrownBy(() -> removal.remove(cluster.goes(), text -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("nothing moves")
        .hasMessageNotContaining("drained");
    assertThat(cluster.changes).containsExactly("drain n2", "keep n2");
  }

  /** Somebody has drained it, for a reason of their own. */
  @Test
  void aDrainedNodeThatStaysIsDrainedStill() throws Exception {
    removal.drain(cluster.goes(), text -> {});
    cluster.mountFails = new RemoteException("its mount cannot commit");
    assertThatThrownBy(() -> removal.remove(cluster.goes(), text -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("stays, drained as it was: its mount cannot commit");
    cluster.mountFails = new IOException("no answer");
    assertThatThrownBy(() -> removal.remove(cluster.goes(), text -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("drained as it was");
    cluster.moves = false;
    assertThatThrownBy(() -> removal.remove(cluster.goes(), text -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("drained as it was");
    assertThat(cluster.changes).doesNotContain("keep n2", "remove n2");
    cluster.moves = true;
    cluster.mountFails = null;
    removal.remove(cluster.goes(), text -> {});
    assertThat(cluster.changes).endsWith("remove n2");
  }

  @Test
  void onlyARemovalCanBeForced() {
    cluster.moves = false;
    cluster.hasLastCopies = true;
    assertThatThrownBy(() -> removal.remove(cluster.goes(), text -> {}))
        .hasMessageContaining("last known copy")
        .hasMessageContaining("it stays. Bring it back, or say --force");
    assertThatThrownBy(() -> removal.drain(cluster.goes(), text -> {}))
        .hasMessageContaining("last known copy")
        .hasMessageContaining("Bring it back")
        .hasMessageNotContaining("--force");
  }

  /** That the others do not answer is no word that they have it. */
  @Test
  void aForcedRemovalTellsWhatNobodyKnowsOf() throws Exception {
    assertThat(removal.force(cluster.goes(), text -> {}))
        .containsEntry("blocks_lost", 0L)
        .containsEntry("groups_unknown", 0);
    cluster.silent = true;
    assertThat(removal.force(cluster.goes(), text -> {}))
        .containsEntry("blocks_lost", 0L)
        .containsEntry("groups_unknown", BlockId.GROUPS);
    assertThat(cluster.changes).containsExactly("remove n2", "remove n2");
  }

  @Test
  void aDrainTellsWhatIsLeft() throws Exception {
    Map<String, @Nullable Object> left = removal.drain(cluster.goes(), text -> {});
    assertThat(left)
        .containsEntry("copies", 2)
        .containsEntry("copies_wanted", 3)
        .containsEntry("write_needs", 2);
  }
}
