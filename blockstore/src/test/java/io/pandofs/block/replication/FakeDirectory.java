package io.pandofs.block.replication;

import io.pandofs.block.BlockDirectory;
import io.pandofs.block.BlockRow;
import io.pandofs.block.Replicas;
import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What one node has applied, told by the test entry by entry. */
final class FakeDirectory implements BlockDirectory {
  private final NodeId self;
  private final Clock clock;
  private final TreeMap<Long, BlockRow> rows = new TreeMap<>();
  private final TreeMap<Long, BlockRow> needed = new TreeMap<>();
  private final Map<BlockId, DroppedBlock> dropped = new LinkedHashMap<>();

  /** Where in the log each block was dropped that ever was. */
  private final Map<BlockId, Long> droppedAt = new HashMap<>();

  private final Set<SessionId> live = new HashSet<>();
  private final Set<SessionId> ended = new HashSet<>();
  private final List<Runnable> onNeeded = new ArrayList<>();
  private final List<Runnable> onDropped = new ArrayList<>();
  private final Map<Integer, Replicas> placedApart = new HashMap<>();
  private Replicas replicas;
  private long applied;
  private long persisted;
  private boolean closed;

  FakeDirectory(NodeId self, Clock clock, Replicas replicas) {
    this.self = self;
    this.clock = clock;
    this.replicas = replicas;
  }

  synchronized void place(Replicas placed) {
    replicas = placed;
  }

  /** One group is held by others than the rest. */
  synchronized void place(int group, Replicas placed) {
    placedApart.put(group, placed);
  }

  synchronized void begin(SessionId session) {
    live.add(session);
  }

  synchronized void end(SessionId session) {
    live.remove(session);
    ended.add(session);
  }

  void commit(BlockRow row) {
    synchronized (this) {
      rows.put(row.block().value(), row);
      if (replicas.nodes().contains(self)) {
        needed.put(row.block().value(), row);
      }
    }
    tell(onNeeded);
  }

  /** A comparison names the block just when it is dropped. */
  void needTooLate(BlockRow row) {
    synchronized (this) {
      needed.put(row.block().value(), row);
    }
    tell(onNeeded);
  }

  void drop(BlockId block) {
    synchronized (this) {
      rows.remove(block.value());
      needed.remove(block.value());
      applied++;
      droppedAt.put(block, applied);
      dropped.put(block, new DroppedBlock(block, applied, clock.nanoTime()));
    }
    tell(onDropped);
  }

  /** The block is dropped, and no set names it: only a sweep finds it. */
  synchronized void dropUntold(BlockId block) {
    rows.remove(block.value());
    applied++;
    droppedAt.put(block, applied);
  }

  private void tell(List<Runnable> listeners) {
    List<Runnable> all;
    synchronized (this) {
      all = List.copyOf(listeners);
    }
    all.forEach(Runnable::run);
  }

  /** From now on rows cannot be read, as of tables that were closed. */
  synchronized void close() {
    closed = true;
  }

  synchronized int neededCount() {
    return needed.size();
  }

  synchronized int droppedCount() {
    return dropped.size();
  }

  @Override
  public synchronized Replicas replicas(int group) {
    return placedApart.getOrDefault(group, replicas);
  }

  @Override
  public synchronized @Nullable BlockRow row(BlockId block) {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    return rows.get(block.value());
  }

  @Override
  public boolean isReferenced(BlockId block) {
    return row(block) != null;
  }

  @Override
  public synchronized List<BlockRow> rowsAfter(long after, int limit) {
    return rows.tailMap(after, false).values().stream().limit(limit).toList();
  }

  @Override
  public synchronized boolean isLive(SessionId session) {
    return live.contains(session);
  }

  @Override
  public synchronized boolean hasEnded(SessionId session) {
    return ended.contains(session);
  }

  @Override
  public synchronized List<BlockRow> neededAfter(long after, int limit) {
    return needed.tailMap(after, false).values().stream().limit(limit).toList();
  }

  @Override
  public synchronized void need(List<BlockId> blocks) {
    for (BlockId block : blocks) {
      BlockRow row = rows.get(block.value());
      if (row != null) {
        needed.put(block.value(), row);
      }
    }
  }

  @Override
  public synchronized void settled(List<BlockId> blocks) {
    blocks.forEach(block -> needed.remove(block.value()));
  }

  @Override
  public synchronized List<DroppedBlock> dropped(int limit) {
    return dropped.values().stream().limit(limit).toList();
  }

  @Override
  public synchronized long applied() {
    return applied;
  }

  @Override
  public synchronized void persist(long index) {
    if (index > applied) {
      throw new IllegalStateException("behind " + index);
    }
    persisted = Math.max(persisted, index);
  }

  /** A block's bytes go: a crash must not have the tables name it again. */
  synchronized void requireGone(BlockId block) {
    if (droppedAt.getOrDefault(block, 0L) > persisted) {
      throw new IllegalStateException(block + " is deleted before it is durably dropped");
    }
  }

  @Override
  public synchronized void deleted(List<BlockId> blocks) {
    blocks.forEach(dropped::remove);
  }

  @Override
  public synchronized void onNeeded(Runnable listener) {
    onNeeded.add(listener);
  }

  @Override
  public synchronized void onDropped(Runnable listener) {
    onDropped.add(listener);
  }
}
