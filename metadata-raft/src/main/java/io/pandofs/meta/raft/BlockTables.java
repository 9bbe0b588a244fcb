package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Placement;
import io.pandofs.meta.engine.ReadStore;
import io.pandofs.meta.engine.TableCheck;
import io.pandofs.meta.rocksdb.LocalTable;
import io.pandofs.meta.rocksdb.RocksTables;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the block side asks of this node's applied tables, and its two block sets; see {@link
 * LocalSets}. Thread-safe; touches local tables only. The sets live as long as the tables do: a
 * change that was not flushed is undone by a crash, together with the applied index, so the sets
 * may then name blocks again that were dealt with.
 */
public final class BlockTables {
  private static final int SAMPLES_MAX = 4096;

  /**
   * What a flush of the tables may take on the disk, generously. Less than what block stores leave
   * free: a disk that is full of blocks has so much.
   */
  private static final long FLUSH_BYTES = 64 << 20;

  private final Clock clock;
  private volatile @Nullable Source source;

  /** Log index to a time at which it was applied already. */
  @GuardedBy("this")
  private final TreeMap<Long, Long> appliedAtNanos = new TreeMap<>();

  /** The tables, and what is known of them alone. */
  private static final class Source {
    final LiveTables tables;
    final AppliedGate applied;

    /**
     * No row of the drop set is below this log index: none was left there, and new ones come with
     * higher ones. Saves the walk over what was deleted. Tables that are opened anew may be older.
     */
    volatile long droppedFrom;

    /** An index that the tables are not behind after a crash. */
    volatile long durable = -1;

    Source(LiveTables tables, AppliedGate applied) {
      this.tables = tables;
      this.applied = applied;
    }
  }

  BlockTables(Clock clock) {
    this.clock = clock;
  }

  /** Answers from these tables from now on; a replica that comes back opens them anew. */
  void bind(LiveTables tables, AppliedGate applied) {
    source = new Source(tables, applied);
  }

  private Source source() {
    Source now = source;
    if (now == null) {
      throw new IllegalStateException("the tables are not open yet");
    }
    return now;
  }

  private LiveTables tables() {
    return source().tables;
  }

  /** A committed block that this node must hold and has not confirmed to hold. */
  public record Needed(BlockId block, int length, int crc32c) {}

  /**
   * A block that nothing references any more.
   *
   * @param index the log index that took its last reference
   * @param droppedAtNanos a time, by {@link Clock#nanoTime}, at or after which this process applied
   *     that; never too early
   */
  public record Dropped(BlockId block, long index, long droppedAtNanos) {}

  /** The placement map as of what this node has applied. */
  public Placement placement() {
    try (LocalSnapshot snapshot = tables().snapshot()) {
      return snapshot.cluster().placement();
    }
  }

  /** The members as of what this node has applied. */
  public List<ClusterView.Node> nodes() {
    try (LocalSnapshot snapshot = tables().snapshot()) {
      return snapshot.cluster().nodes();
    }
  }

  /** Whether the node was a member and is none any more, as of what this node has applied. */
  public boolean hasLeft(NodeId node) {
    try (LocalSnapshot snapshot = tables().snapshot()) {
      return snapshot.cluster().hasLeft(node);
    }
  }

  /** The committed block's row; null when nothing references it. */
  public ClusterView.@Nullable Block row(BlockId block) {
    try (LocalSnapshot snapshot = tables().snapshot()) {
      return snapshot.cluster().block(block);
    }
  }

  /** Whether anything references the block, be its bytes in the tables or on its replicas. */
  public boolean isReferenced(BlockId block) {
    try (LocalSnapshot snapshot = tables().snapshot()) {
      return snapshot.cluster().isReferenced(block);
    }
  }

  /** Committed blocks with a number over {@code after}, in order, at most {@code limit}. */
  public List<ClusterView.Block> rowsAfter(long after, int limit) {
    try (LocalSnapshot snapshot = tables().snapshot()) {
      return snapshot.cluster().blocksAfter(after, limit);
    }
  }

  /** A look at all of the tables, as of now, pinned for as long as it takes. */
  <T> T look(Function<ReadStore, T> look) {
    try (LocalSnapshot snapshot = tables().snapshot()) {
      return look.apply(snapshot.store());
    }
  }

  /** Whether the tables agree with each other, as of now. Reads all of them. */
  public TableCheck.Report check() {
    try (LocalSnapshot snapshot = tables().snapshot()) {
      return TableCheck.of(snapshot.store());
    }
  }

  /** Whether the session is registered and not over, as of what this node has applied. */
  public boolean isLive(SessionId session) {
    try (LocalSnapshot snapshot = tables().snapshot()) {
      return snapshot.cluster().session(session) != null;
    }
  }

  /** Whether the session was registered and is over, as of what this node has applied. */
  public boolean hasEnded(SessionId session) {
    try (LocalSnapshot snapshot = tables().snapshot()) {
      return snapshot.cluster().hasEnded(session);
    }
  }

  /** Needed blocks with a number over {@code after}, in order, at most {@code limit}. */
  public List<Needed> neededAfter(long after, int limit) {
    byte[] from = ByteBuffer.allocate(8).putLong(after + 1).array();
    List<Needed> needed = new ArrayList<>();
    try (LocalSnapshot snapshot = tables().snapshot();
        ReadStore.Cursor rows = snapshot.tables().scanLocal(LocalTable.NEED, from, null)) {
      while (needed.size() < limit && rows.next()) {
        ByteBuffer value = ByteBuffer.wrap(rows.value());
        BlockId block = new BlockId(ByteBuffer.wrap(rows.key()).getLong());
        needed.add(new Needed(block, value.getInt(), value.getInt()));
      }
    }
    return needed;
  }

  /**
   * How many needed blocks came into the set at or before this log index, counted up to {@code
   * limit}; those found missing later count always.
   */
  public long neededUpTo(long index, long limit) {
    long count = 0;
    try (LocalSnapshot snapshot = tables().snapshot();
        ReadStore.Cursor rows = snapshot.tables().scanLocal(LocalTable.NEED, new byte[0], null)) {
      while (count < limit && rows.next()) {
        if (ByteBuffer.wrap(rows.value()).getLong(2 * Integer.BYTES) <= index) {
          count++;
        }
      }
    }
    return count;
  }

  /** Puts committed blocks into the needed set; those that nothing references are left out. */
  public void need(List<BlockId> blocks) {
    List<ClusterView.Block> rows = new ArrayList<>();
    try (LocalSnapshot snapshot = tables().snapshot()) {
      for (BlockId block : blocks) {
        ClusterView.Block row = snapshot.cluster().block(block);
        if (row != null) {
          rows.add(row);
        }
      }
    }
    tables()
        .changeLocal(
            change ->
                rows.forEach(
                    row ->
                        change.putLocal(
                            LocalTable.NEED,
                            LocalSets.needKey(row.id()),
                            LocalSets.needValue(row.length(), row.crc32c(), 0))));
    forgetDropped(rows);
  }

  /**
   * A block may have been dropped between the look and the change, when nothing would ever take it
   * out of the set again. Numbers are never reused: what has no row now never gets one.
   */
  private void forgetDropped(List<ClusterView.Block> rows) {
    List<BlockId> gone = new ArrayList<>();
    try (LocalSnapshot snapshot = tables().snapshot()) {
      for (ClusterView.Block row : rows) {
        if (snapshot.cluster().block(row.id()) == null) {
          gone.add(row.id());
        }
      }
    }
    if (!gone.isEmpty()) {
      settled(gone);
    }
  }

  /** Takes blocks out of the needed set: this node has them on stable storage. */
  public void settled(List<BlockId> blocks) {
    tables()
        .changeLocal(
            change ->
                blocks.forEach(
                    block -> change.deleteLocal(LocalTable.NEED, LocalSets.needKey(block))));
  }

  /** Dropped blocks, oldest first, at most {@code limit}. Asked by one thread at a time. */
  public List<Dropped> dropped(int limit) {
    Source from = source();
    byte[] start = LocalSets.dropStart(from.droppedFrom);
    List<Dropped> dropped = new ArrayList<>();
    try (LocalSnapshot snapshot = from.tables.snapshot();
        ReadStore.Cursor rows =
            snapshot.tables().scanLocal(LocalTable.DROP, start, new byte[] {1})) {
      while (dropped.size() < limit && rows.next()) {
        ByteBuffer key = ByteBuffer.wrap(rows.key(), 1, 16);
        long index = key.getLong();
        dropped.add(new Dropped(new BlockId(key.getLong()), index, appliedAtNanos(index)));
      }
      from.droppedFrom =
          dropped.isEmpty() ? snapshot.tables().applied().index() + 1 : dropped.get(0).index();
    }
    return dropped;
  }

  /** The index up to which the log is applied. */
  public long applied() {
    return source().applied.get();
  }

  /**
   * Sees to it that the tables that are found after a crash hold everything up to this index.
   * Writes to the disk if they do not yet, but not on one that is nearly full: then space is wanted
   * more, which deleting what they name too much will give.
   *
   * @throws IllegalStateException if the tables are behind the index
   */
  public void persist(long index) {
    Source to = source();
    if (index <= to.durable || !to.tables.hasRoom(FLUSH_BYTES)) {
      return;
    }
    to.durable = to.tables.with(RocksTables::flush).index();
    if (index > to.durable) {
      throw new IllegalStateException("the tables end at " + to.durable + ", before " + index);
    }
  }

  /** Takes blocks out of the dropped set: this node has deleted them. */
  public void deleted(List<BlockId> blocks) {
    tables()
        .changeLocal(
            change -> {
              for (BlockId block : blocks) {
                byte[] finder = LocalSets.dropFinder(block);
                byte[] index = change.getLocal(LocalTable.DROP, finder);
                if (index != null) {
                  change.deleteLocal(
                      LocalTable.DROP, LocalSets.dropKey(ByteBuffer.wrap(index).getLong(), block));
                  change.deleteLocal(LocalTable.DROP, finder);
                }
              }
            });
  }

  /** Remembers how far the log is applied now; called every second or so. */
  synchronized void sample() {
    appliedAtNanos.putIfAbsent(source().applied.get(), clock.nanoTime());
    if (appliedAtNanos.size() > SAMPLES_MAX) {
      appliedAtNanos.pollFirstEntry();
    }
  }

  /** The first sample at or after the index; now, if there is none yet. */
  private synchronized long appliedAtNanos(long index) {
    Map.Entry<Long, Long> sample = appliedAtNanos.ceilingEntry(index);
    return sample == null ? clock.nanoTime() : sample.getValue();
  }
}
