package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.BlockId;
import io.pandofs.common.DurableFiles;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Extent;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Request;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.meta.rocksdb.RocksSnapshot;
import io.pandofs.meta.rocksdb.RocksTables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sets of blocks that a node must fetch and may delete, as the log fills them. */
class BlockSetsTest {
  private static final int LENGTH = 4096;

  @TempDir Path dir;

  @Test
  void aBlockIsNeededWhenItIsNotThereAndOnlyThen() throws Exception {
    try (TestNode node = new TestNode(dir, "lone")) {
      node.bootstrap();
      MetadataSession session = node.session();
      InodeId file = make(session);
      BlockId held = session.nextBlock();
      node.held.add(held);
      write(node, session, file, held, 0);
      BlockTables sets = node.replica().blocks();
      assertThat(sets.neededAfter(0, 10)).isEmpty();
      assertThat(node.needs).hasValue(0);
      // The store was asked, so it hears of the commit.
      assertThat(node.heldCommits).hasValue(1);

      BlockId missing = session.nextBlock();
      write(node, session, file, missing, LENGTH);
      assertThat(sets.neededAfter(0, 10))
          .containsExactly(new BlockTables.Needed(missing, LENGTH, (int) missing.value()));
      assertThat(node.needs).hasValue(1);

      // What is dropped is needed no more, whether it was or not.
      assertThat(session.submit(Tree.unlink("file")).join().errno()).isEqualTo(Errno.OK);
      await().until(() -> sets.dropped(10).size() == 2);
      assertThat(sets.neededAfter(0, 10)).isEmpty();
      assertThat(node.drops.get()).isPositive();
    }
  }

  @Test
  void whatIsDroppedLaterIsFoundAfterTheEarlierIsDeleted() throws Exception {
    try (TestNode node = new TestNode(dir, "lone")) {
      node.bootstrap();
      MetadataSession session = node.session();
      InodeId file = make(session);
      BlockTables sets = node.replica().blocks();
      assertThat(sets.dropped(10)).isEmpty();
      BlockId last = null;
      for (int round = 0; round < 3; round++) {
        BlockId next = session.nextBlock();
        write(node, session, file, next, 0);
        List<BlockId> dropped = sets.dropped(10).stream().map(BlockTables.Dropped::block).toList();
        assertThat(dropped).isEqualTo(last == null ? List.of() : List.of(last));
        sets.deleted(dropped);
        assertThat(sets.dropped(10)).isEmpty();
        last = next;
      }
      // Two that are dropped at one index, and asked for one by one.
      BlockId beside = session.nextBlock();
      write(node, session, file, beside, LENGTH);
      Request truncate =
          new Request(
              new Operation.SetAttributes(file, null, null, null, 0L, null, null),
              Caller.ROOT,
              new Timestamp(9, 0));
      assertThat(session.submit(truncate).join().errno()).isEqualTo(Errno.OK);
      for (int left = 2; left > 0; left--) {
        List<BlockTables.Dropped> one = sets.dropped(1);
        assertThat(one).hasSize(1);
        assertThat(sets.dropped(10)).hasSize(left);
        sets.deleted(List.of(one.get(0).block()));
      }
      assertThat(sets.dropped(10)).isEmpty();
    }
  }

  /**
   * A node that comes up alone after a crash shows what is on its disk, and must have its blocks.
   */
  @Test
  void whatIsPersistedStaysDroppedAfterACrash() throws Exception {
    try (TestNode node = new TestNode(dir, "lone")) {
      node.bootstrap();
      MetadataSession session = node.session();
      InodeId file = make(session);
      BlockTables sets = node.replica().blocks();
      write(node, session, file, session.nextBlock(), 0);
      for (int i = 0; i < 3; i++) {
        BlockId dropped = session.nextBlock();
        write(node, session, file, dropped, 0);
        assertThat(sets.dropped(10)).isNotEmpty();
        sets.persist(sets.applied());
        assertThat(isNamedAfterACrash(dropped)).isTrue();
        write(node, session, file, session.nextBlock(), 0);
        List<BlockTables.Dropped> last = sets.dropped(10);
        assertThat(last).extracting(BlockTables.Dropped::block).contains(dropped);
        assertThat(isNamedAfterACrash(dropped)).isTrue();
        sets.persist(last.get(last.size() - 1).index());
        assertThat(isNamedAfterACrash(dropped)).isFalse();
        assertThatThrownBy(() -> sets.persist(sets.applied() + 1)).hasMessageContaining("before");
        sets.deleted(sets.dropped(10).stream().map(BlockTables.Dropped::block).toList());
      }
    }
  }

  /** Whether the tables would have a row of the block if the machine lost its power now. */
  private boolean isNamedAfterACrash(BlockId block) {
    // RocksDB may make and delete files while they are copied.
    return await()
        .ignoreExceptions()
        .until(() -> Optional.of(isNamedInACopy(block)), Optional::isPresent)
        .get();
  }

  private boolean isNamedInACopy(BlockId block) throws Exception {
    Path copy = Files.createTempDirectory(dir, "crash");
    Path meta = dir.resolve("lone/meta");
    Path tables = meta.resolve(Files.readString(meta.resolve("CURRENT")).strip());
    DurableFiles.cloneDirectory(tables, copy, ".sst", "LOCK");
    try (RocksMemory memory = new RocksMemory(32 << 20, 16 << 20);
        RocksTables found = RocksTables.open(copy, memory);
        RocksSnapshot snapshot = found.snapshot()) {
      return new ClusterView(snapshot).block(block) != null;
    }
  }

  @Test
  void filesWhoseBytesAreReplacedAreTold() throws Exception {
    try (TestNode node = new TestNode(dir, "lone")) {
      node.bootstrap();
      MetadataSession session = node.session();
      InodeId file = make(session);
      write(node, session, file, session.nextBlock(), 0);
      assertThat(node.replaced).isEmpty();
      assertThat(node.replica().files().areOurs()).isTrue();
      assertThat(node.replica().files().filesAfter(0, 9)).containsExactly(file);
      write(node, session, file, session.nextBlock(), LENGTH);
      write(node, session, file, session.nextBlock(), 0);
      await().until(() -> node.replaced.size() == 2);
      assertThat(node.replaced).containsOnly(file);
    }
  }

  static InodeId make(MetadataSession session) throws Exception {
    InodeId file = session.nextInode();
    assertThat(session.submit(Tree.create(file, "file")).join().errno()).isEqualTo(Errno.OK);
    return file;
  }

  static void write(
      TestNode node, MetadataSession session, InodeId file, BlockId block, long offset)
      throws Exception {
    Placement placement = node.replica().blocks().placement();
    NewBlock put =
        new NewBlock(
            block,
            LENGTH,
            (int) block.value(),
            placement.epoch(),
            placement.replicas(block.group()));
    Operation write =
        new Operation.Write(file, List.of(new Extent(offset, LENGTH, block, 0)), List.of(put));
    assertThat(session.submit(new Request(write, Caller.ROOT, new Timestamp(5, 0))).join().errno())
        .isEqualTo(Errno.OK);
  }
}
