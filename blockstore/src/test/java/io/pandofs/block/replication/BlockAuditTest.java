package io.pandofs.block.replication;

import static io.pandofs.block.replication.TestCluster.SESSION;
import static io.pandofs.block.replication.TestCluster.block;
import static io.pandofs.block.replication.TestCluster.bytes;
import static io.pandofs.block.replication.TestCluster.replicas;
import static io.pandofs.block.replication.TestCluster.row;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.block.BlockRow;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.SystemClock;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every way in which a store and the block table can differ is counted as what it is. */
final class BlockAuditTest {
  private static final int LENGTH = 1000;
  private static final NodeId SELF = new NodeId(1);
  private static final SessionId OVER = new SessionId(99);
  private final FakeDirectory directory =
      new FakeDirectory(SELF, new SystemClock(), replicas(1, 1, 2, 3));
  private final FaultyBlocks store = new FaultyBlocks(new MemoryBlocks());

  private final BlockAudit.Table table =
      new BlockAudit.Table() {
        @Override
        public List<BlockRow> rowsAfter(long after, int limit) {
          return directory.rowsAfter(after, limit);
        }

        @Override
        public boolean isReferenced(BlockId block) {
          return directory.isReferenced(block);
        }

        @Override
        public boolean isMine(int group) {
          return directory.replicas(group).nodes().contains(SELF);
        }

        @Override
        public boolean isNeeded(BlockId block) {
          List<BlockRow> next = directory.neededAfter(block.value() - 1, 1);
          return !next.isEmpty() && next.get(0).block().equals(block);
        }

        @Override
        public boolean hasEnded(SessionId session) {
          return directory.hasEnded(session);
        }
      };

  private void store(SessionId session, long serial, int length) {
    ByteBuffer bytes = bytes(block(serial), length);
    store.put(session, block(serial), bytes, Checksums.crc32c(bytes)).join();
  }

  @Test
  void eachDifferenceIsCounted() throws Exception {
    directory.begin(SESSION);
    directory.end(OVER);
    for (int i = 1; i <= 3000; i++) {
      directory.commit(row(i, LENGTH));
      store(SESSION, i, LENGTH);
    }
    directory.settled(TestCluster.blocks(1, 3000));
    assertThat(BlockAudit.of(store, table, true).examples()).isEmpty();

    store.delete(List.of(block(1), block(1500), block(3000), block(7)));
    directory.need(List.of(block(7)));
    store.delete(List.of(block(2000)));
    store(SESSION, 2000, LENGTH - 1);
    store.damage(block(2500));
    store(OVER, 4000, LENGTH);
    store(OVER, 4001, LENGTH);
    store(SESSION, 4002, LENGTH);

    BlockAudit.Report quick = BlockAudit.of(store, table, false);
    assertThat(quick.referenced()).isEqualTo(3000);
    assertThat(quick.bytes()).isEqualTo(3000L * LENGTH);
    assertThat(quick.missing()).containsExactly(block(1), block(1500), block(3000));
    assertThat(quick.awaited()).isEqualTo(1);
    assertThat(quick.damaged()).containsExactly(block(2000));
    assertThat(quick.leftover()).isEqualTo(2);
    assertThat(quick.leftoverBytes()).isEqualTo(2 * LENGTH);
    assertThat(quick.uncommitted()).isEqualTo(1);
    assertThat(quick.foreign()).isZero();
    assertThat(BlockAudit.of(store, table, true).damaged())
        .containsExactly(block(2000), block(2500));
  }

  @Test
  void blocksOfOtherNodesAreForeign() throws Exception {
    directory.commit(row(1, LENGTH));
    directory.commit(row(2, LENGTH));
    store(SESSION, 1, LENGTH);
    directory.place(replicas(2, 2, 3, 4));
    BlockAudit.Report report = BlockAudit.of(store, table, true);
    assertThat(report.referenced()).isZero();
    assertThat(report.foreign()).isEqualTo(1);
    assertThat(report.missing()).isEmpty();
  }
}
