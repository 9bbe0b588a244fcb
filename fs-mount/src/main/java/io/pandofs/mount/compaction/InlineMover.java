package io.pandofs.mount.compaction;

import io.pandofs.block.Blocks;
import io.pandofs.block.StoredBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Caller;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.InlineBlocks;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.mount.vfs.SessionSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts blocks whose bytes are in the tables on their replicas, before they weigh on the tables: the
 * oldest first, when there are too many, until there are clearly fewer. What is young dies soonest;
 * so much of it never becomes a block on a disk.
 *
 * <p>A block keeps its number, and no file changes. So a copy that was put and never told of, or
 * put twice, harms nobody: it is the same bytes, and deleted when nothing references the block any
 * more. All faults are met by trying again later.
 *
 * <p>One thread does the work, in rounds.
 */
public final class InlineMover implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(InlineMover.class);

  private static final Duration ROUND = Duration.ofSeconds(1);

  /**
   * How much may be in the tables.
   *
   * @param most more is moved
   * @param least until no more than this is left
   */
  public record Limits(long most, long least) {
    public static final Limits DEFAULT = new Limits(128L << 20, 96L << 20);
  }

  /** So much is put at once. */
  private static final long TURN_BYTES = 4L << 20;

  /** So many blocks are named in one entry. */
  private static final int ENTRY_BLOCKS = 512;

  /** So long nothing is tried after a fault. */
  static final Duration AFTER_FAULT = Duration.ofSeconds(10);

  private final InlineBlocks tables;
  private final BackgroundSession session;
  private final Blocks blocks;
  private final Clock clock;
  private final Limits limits;
  private final AtomicLong movedBlocks = new AtomicLong();

  // The worker's own.

  private long notBeforeNanos;
  private boolean failing;

  /**
   * @param sessions where a session comes from when there is something to do
   */
  public InlineMover(
      InlineBlocks tables, SessionSource sessions, Blocks blocks, Clock clock, Limits limits) {
    this.tables = tables;
    this.session = new BackgroundSession(sessions, clock);
    this.blocks = blocks;
    this.clock = clock;
    this.limits = limits;
    this.notBeforeNanos = clock.nanoTime();
  }

  /** Begins to work, in one thread of the scheduler at a time. */
  public void start(ScheduledExecutorService worker) {
    var unused =
        worker.scheduleWithFixedDelay(
            this::round, ROUND.toMillis(), ROUND.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** How many blocks were moved since the start. */
  public long movedBlocks() {
    return movedBlocks.get();
  }

  /** Does what is due. Never throws. */
  void round() {
    try {
      if (!tables.areOurs()) {
        session.end();
      } else if (clock.nanoTime() - notBeforeNanos >= 0) {
        work();
        boolean unused = session.endIfIdle();
        failing = false;
      }
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      // The tables are closed while a replica starts anew; all else is tried again just as well.
      notBeforeNanos = clock.nanoTime() + AFTER_FAULT.toNanos();
      if (!session.isClosed() && !failing) {
        LOG.warn("small data stays in the tables for now: {}", e.toString());
      }
      failing = true;
    }
  }

  private void work() throws IOException {
    if (tables.bytes() <= limits.most) {
      return;
    }
    long after = 0;
    Throwable fault = null;
    while (tables.bytes() > limits.least && tables.areOurs() && !session.isClosed()) {
      List<InlineBlock> turn = tables.oldest(after, TURN_BYTES);
      if (turn.isEmpty()) {
        break; // Those that could not be moved are tried again in a later round.
      }
      Throwable met = move(turn);
      fault = met == null ? fault : met;
      after = turn.get(turn.size() - 1).block().value();
    }
    if (fault != null) {
      throw new IOException("not all blocks can be put", fault);
    }
  }

  /** Moves what can be; why the others cannot. */
  private @Nullable Throwable move(List<InlineBlock> turn) throws IOException {
    MetadataSession in = session.get();
    List<CompletableFuture<StoredBlock>> puts = new ArrayList<>(turn.size());
    // Never used again: a put that has failed may read it yet.
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(turn.stream().mapToInt(block -> block.bytes().length).sum());
    int at = 0;
    for (InlineBlock block : turn) {
      ByteBuffer part = bytes.slice(at, block.bytes().length);
      at += part.capacity();
      puts.add(blocks.put(in.id(), block.block(), part.put(block.bytes()).flip()));
    }
    List<NewBlock> stored = new ArrayList<>();
    Throwable fault = null;
    for (int i = 0; i < turn.size(); i++) {
      BlockId block = turn.get(i).block();
      try {
        StoredBlock done = puts.get(i).join();
        stored.add(
            new NewBlock(
                block, done.length(), done.crc32c(), done.placementEpoch(), done.holders()));
      } catch (CompletionException e) {
        fault = e.getCause();
      }
    }
    for (int from = 0; from < stored.size(); from += ENTRY_BLOCKS) {
      tell(in, stored.subList(from, Math.min(from + ENTRY_BLOCKS, stored.size())));
    }
    return fault;
  }

  private void tell(MetadataSession in, List<NewBlock> stored) throws IOException {
    Operation move = new Operation.MoveInline(stored);
    Reply reply = in.submit(new Request(move, Caller.ROOT, clock.now())).join();
    if (!reply.errno().isOk()) {
      throw new IOException("the log does not take it: " + reply.errno());
    }
    if (reply.number() > 0) {
      session.used();
      movedBlocks.addAndGet(reply.number());
    }
    session.wasted((stored.size() - reply.number()) * InlineBlock.BYTES_MAX);
  }

  /** What is under way fails soon. */
  @Override
  public void close() {
    session.close();
  }
}
