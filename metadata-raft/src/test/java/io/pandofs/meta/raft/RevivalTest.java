package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.rocksdb.LocalTable;
import io.pandofs.meta.rocksdb.RocksMemory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica that comes back in its process after its disk was full. */
class RevivalTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path dir;

  @Test
  void aLeaderComesBackWithNothingOfWhatItWas() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> {})) {
      TestNode hurt = cluster.leader();
      MetadataSession before = hurt.session();
      InodeId file = before.nextInode();
      before.submit(Tree.create(file, "before")).get(30, TimeUnit.SECONDS);
      final SessionId session = before.id();
      final ClusterAdmin admin = hurt.replica().admin();
      final BlockTables blocks = hurt.replica().blocks();
      TestNode other = cluster.follower();
      MetadataSession reader = other.session();

      hurt.replica().fail(new ReplicaFailure(ReplicaFailure.Kind.DISK_FULL, "a disk is full"));
      before.expired().get(30, TimeUnit.SECONDS);
      // A mount registers anew, and waits for the replica with that.
      MetadataSession after = hurt.session();
      assertThat(after.id()).isNotEqualTo(session);
      assertThat(hurt.status().failure()).isNull();
      try (MetadataView view = after.view()) {
        assertThat(view.lookup(InodeId.ROOT, Tree.name("before")).inode()).isEqualTo(file);
      }
      InodeId second = after.nextInode();
      assertThat(after.submit(Tree.create(second, "after")).get(30, TimeUnit.SECONDS).errno())
          .isEqualTo(Errno.OK);
      try (MetadataView view = reader.view()) {
        assertThat(view.lookup(InodeId.ROOT, Tree.name("after")).inode()).isEqualTo(second);
      }
      await().atMost(LONG).until(() -> sessionGone(other, session));
      await().atMost(LONG).until(() -> hurt.status().reads().fresh());
      // What was handed out before it failed is of the replica that runs now.
      assertThat(admin.list().peers()).hasSize(3);
      assertThat(blocks.nodes()).hasSize(3);
      assertThat(hurt.replica().quorumLostFor()).isZero();
      assertThat(hurt.resets.get()).isPositive();
      cluster.assertAlike();
    }
  }

  private static boolean sessionGone(TestNode node, SessionId session) {
    try (LocalSnapshot snapshot = node.snapshot()) {
      return snapshot.cluster().session(session) == null;
    }
  }

  @Test
  void whatIsKnownOfTheDropSetIsForgottenWithTheTables() throws Exception {
    BlockTables sets = new BlockTables(new HandClock());
    try (RocksMemory memory = new RocksMemory(16 << 20, 8 << 20);
        LiveTables before = withDropped(memory, "before", 50, new BlockId(7));
        LiveTables older = withDropped(memory, "older", 10, new BlockId(3))) {
      sets.bind(before, new AppliedGate());
      assertThat(sets.dropped(10)).extracting(BlockTables.Dropped::index).containsExactly(50L);
      sets.bind(older, new AppliedGate());
      assertThat(sets.dropped(10)).extracting(BlockTables.Dropped::index).containsExactly(10L);
    }
  }

  private LiveTables withDropped(RocksMemory memory, String name, long index, BlockId block)
      throws Exception {
    LiveTables tables = LiveTables.open(Files.createDirectories(dir.resolve(name)), memory);
    tables.changeLocal(
        change -> change.putLocal(LocalTable.DROP, LocalSets.dropKey(index, block), new byte[0]));
    return tables;
  }
}
