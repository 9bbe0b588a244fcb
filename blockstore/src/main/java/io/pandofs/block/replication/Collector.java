package io.pandofs.block.replication;

import io.pandofs.block.BlockDirectory;
import io.pandofs.block.BlockDirectory.DroppedBlock;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.block.net.BlockClient;
import io.pandofs.common.BlockId;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes this node's copies of blocks that nobody can reach any more (PROTOCOL rule 16): dropped
 * blocks after a grace that lets running reads end, and, by a sweep over the store, blocks that
 * were never committed once this node has applied the end of their session. Either way the tables
 * on this node's disk do not name them any more when they go.
 *
 * <p>The sweep also finds what a crash, a late put or a late repair brought back. It asks for the
 * session's end <em>before</em> it looks for the row: after the end no commit of the session is
 * left to apply, so a row that is missing then stays missing. What it finds it deletes only when it
 * finds it again a grace later. And it deletes copies of groups that are others' by now, when those
 * have them ({@link Surplus}).
 */
public final class Collector implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Collector.class);
  private static final int PAGE = BlockClient.HAVE_MAX;
  private static final int CANDIDATES_MAX = 65_536;

  /**
   * Times.
   *
   * @param grace between the end of a block's last reference and its deletion
   * @param sweepEvery how often the whole store is looked through
   */
  public record Settings(Duration grace, Duration sweepEvery) {
    public static final Settings DEFAULT =
        new Settings(Duration.ofSeconds(30), Duration.ofMinutes(10));
  }

  private final Replication replication;
  private final BlockDirectory directory;
  private final LocalBlocks local;
  private final Settings settings;
  private final Surplus surplus;
  private final Passes drops;
  private final Passes sweeps;
  private final LimitedLog failures;
  private final AtomicLong deletedBlocks = new AtomicLong();

  /** Whether the oldest dropped block waits for its time; all that come later have a later one. */
  private volatile boolean waiting;

  /** Belongs to the running sweep: when each candidate was first found. */
  private Map<BlockId, Long> candidates = new HashMap<>();

  public Collector(Replication replication, Settings settings) {
    this.replication = replication;
    this.directory = replication.directory();
    this.local = replication.local();
    this.settings = settings;
    this.failures = new LimitedLog(LOG, replication.clock());
    this.surplus = new Surplus(replication);
    this.drops =
        new Passes("deletion", replication.disk(), replication.scheduler(), this::deleteDropped);
    this.sweeps = new Passes("sweep", replication.disk(), replication.scheduler(), this::sweep);
  }

  public void start() {
    directory.onDropped(this::wakeDrops);
    drops.wake();
    sweeps.wake();
  }

  private void wakeDrops() {
    if (!waiting) {
      drops.wake();
    }
  }

  /** Looks through the whole store now, as after an installed checkpoint. */
  public void sweepSoon() {
    sweeps.wake();
  }

  /**
   * Whether this node may delete its copy of the block at any moment, because others have one: to
   * others that ask for the same reason it does not hold it.
   */
  public boolean isDeparting(BlockId block) {
    return surplus.isDeparting(block);
  }

  /** How many copies were deleted since the start. */
  public long deletedBlocks() {
    return deletedBlocks.get();
  }

  private long deleteDropped() {
    waiting = false;
    while (!drops.isClosed()) {
      List<DroppedBlock> dropped = directory.dropped(PAGE);
      List<BlockId> due = new ArrayList<>();
      long dueTo = -1;
      long wait = -1;
      for (DroppedBlock each : dropped) {
        long age = replication.clock().nanoTime() - each.droppedAtNanos();
        if (age < settings.grace().toNanos()) {
          wait = settings.grace().toNanos() - age;
          break;
        }
        due.add(each.block());
        dueTo = Math.max(dueTo, each.index());
      }
      if (due.isEmpty()) {
        waiting = wait >= 0;
        return wait;
      }
      // Writes once a grace at most: what is dropped after it is due a grace later.
      directory.persist(dueTo);
      List<BlockId> gone = deleteEach(due);
      if (gone.isEmpty()) {
        return settings.grace().toNanos();
      }
      directory.deleted(gone);
    }
    return -1;
  }

  /** All at once if possible. Otherwise those whose rows can be read, and which these are. */
  private List<BlockId> deleteEach(List<BlockId> blocks) {
    try {
      delete(blocks);
      return blocks;
    } catch (IOException e) {
      failures.warn("cannot delete " + blocks.size() + " blocks at once: " + e);
    }
    List<BlockId> gone = new ArrayList<>();
    for (BlockId block : blocks) {
      try {
        delete(List.of(block));
        gone.add(block);
      } catch (IOException e) {
        failures.warn("cannot delete " + block + ": " + e);
      }
    }
    return gone;
  }

  /** Deletes what no row references at this moment. */
  private void delete(List<BlockId> blocks) throws IOException {
    List<BlockId> unreferenced =
        blocks.stream().filter(block -> !directory.isReferenced(block)).toList();
    local.delete(unreferenced);
    deletedBlocks.addAndGet(unreferenced.size());
    LOG.debug("deleted {} blocks", unreferenced.size());
  }

  private long sweep() throws IOException, InterruptedException {
    Map<BlockId, Long> found = new HashMap<>();
    Map<SessionId, Boolean> ended = new HashMap<>();
    List<BlockId> due = new ArrayList<>();
    surplus.begin();
    long cursor = 0;
    List<LocalBlock> page = local.scan(cursor, PAGE);
    while (!page.isEmpty() && !sweeps.isClosed()) {
      for (LocalBlock block : page) {
        cursor = block.block().value();
        if (isLeftover(block, ended) && found.size() < CANDIDATES_MAX) {
          candidate(block.block(), found, due);
        } else {
          surplus.look(block.block());
        }
      }
      try {
        deleteSurplus(surplus.confirmed());
      } finally {
        surplus.decided();
      }
      page = local.scan(cursor, PAGE);
    }
    if (!due.isEmpty()) {
      // Blocks among them may have been committed, and dropped since.
      directory.persist(directory.applied());
      for (int from = 0; from < due.size(); from += PAGE) {
        deleteEach(due.subList(from, Math.min(from + PAGE, due.size())));
      }
    }
    candidates = found;
    Duration next = found.isEmpty() ? settings.sweepEvery() : settings.grace();
    return next.toNanos();
  }

  /**
   * The map may have made this node a replica again since it was looked at. If it does so from now
   * on, the comparison that follows finds the blocks gone. Who said to hold them holds them still:
   * it deletes nothing on the word of this node ({@link Surplus}).
   */
  private void deleteSurplus(List<BlockId> blocks) throws IOException {
    if (blocks.isEmpty()) {
      return;
    }
    local.delete(blocks);
    deletedBlocks.addAndGet(blocks.size());
    LOG.debug("deleted {} blocks that others hold", blocks.size());
    List<BlockId> ours =
        blocks.stream().filter(block -> replication.isReplicaOf(block.group())).toList();
    if (!ours.isEmpty()) {
      directory.need(ours);
    }
  }

  private boolean isLeftover(LocalBlock block, Map<SessionId, Boolean> ended) {
    // The order matters: see the head of the class.
    return ended.computeIfAbsent(block.session(), directory::hasEnded)
        && !directory.isReferenced(block.block());
  }

  private void candidate(BlockId block, Map<BlockId, Long> found, List<BlockId> due) {
    long now = replication.clock().nanoTime();
    long first = candidates.getOrDefault(block, now);
    if (now - first >= settings.grace().toNanos()) {
      due.add(block);
    } else {
      found.put(block, first);
    }
  }

  @Override
  public void close() {
    drops.close();
    sweeps.close();
  }
}
