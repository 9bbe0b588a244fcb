package io.pandofs.block.replication;

import io.pandofs.block.BlockRow;
import io.pandofs.block.Blocks;
import io.pandofs.block.CopyCheck;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares the block table with a node's store from end to end, once: what is referenced and not
 * here, here and not referenced, and, when told to read all bytes, bad. Both may change meanwhile:
 * what looks wrong is looked at again before it counts. Not thread-safe.
 */
public final class BlockAudit {
  private static final Logger LOG = LoggerFactory.getLogger(BlockAudit.class);
  private static final int PAGE = 1024;
  private static final int EXAMPLES_MAX = 100;

  /** What the log says, of the present or of tables at rest. */
  public interface Table {
    /** Committed blocks with a number over {@code after}, in order, at most {@code limit}. */
    List<BlockRow> rowsAfter(long after, int limit);

    /** As {@link io.pandofs.block.BlockDirectory#isReferenced}. */
    boolean isReferenced(BlockId block);

    /** Whether this node must hold blocks of the group. */
    boolean isMine(int group);

    /** Whether this node knows that it has still to fetch the block. */
    boolean isNeeded(BlockId block);

    /** Whether the session was registered and is over. */
    boolean hasEnded(SessionId session);
  }

  /**
   * What was found.
   *
   * @param referenced blocks that this node must hold
   * @param bytes of these
   * @param awaited of these, not here and known to be fetched
   * @param missing blocks that are not here although nobody knew
   * @param damaged blocks whose length, checksum or bytes are not the log's
   * @param leftover stored blocks that nothing references, of writers that are gone: the collector
   *     deletes them
   * @param leftoverBytes of these
   * @param uncommitted stored blocks that nothing references yet: their writers may live
   * @param foreign stored blocks that other nodes must hold
   * @param examples a sentence for each of the first hundred missing or damaged ones
   */
  public record Report(
      long referenced,
      long bytes,
      long awaited,
      List<BlockId> missing,
      List<BlockId> damaged,
      long leftover,
      long leftoverBytes,
      long uncommitted,
      long foreign,
      List<String> examples) {}

  private final LocalBlocks local;
  private final Table table;
  private final @Nullable ByteBuffer buffer;
  private final Deque<LocalBlock> stored = new ArrayDeque<>();
  private final List<BlockId> missing = new ArrayList<>();
  private final List<BlockId> damaged = new ArrayList<>();
  private final List<String> examples = new ArrayList<>();
  private long scanned;
  private boolean storeEnded;
  private long referenced;
  private long bytes;
  private long awaited;
  private long leftover;
  private long leftoverBytes;
  private long uncommitted;
  private long foreign;

  private BlockAudit(LocalBlocks local, Table table, boolean deep) {
    this.local = local;
    this.table = table;
    this.buffer = deep ? ByteBuffer.allocateDirect(Blocks.BLOCK_BYTES_MAX) : null;
  }

  /**
   * Compares.
   *
   * @param deep whether to read and check all bytes
   * @throws IOException the store cannot be read
   */
  public static Report of(LocalBlocks local, Table table, boolean deep) throws IOException {
    return new BlockAudit(local, table, deep).run();
  }

  private Report run() throws IOException {
    List<BlockRow> rows = table.rowsAfter(0, PAGE);
    long last = 0;
    while (!rows.isEmpty()) {
      for (BlockRow row : rows) {
        last = row.block().value();
        storedBefore(last);
        judge(row);
      }
      rows = table.rowsAfter(last, PAGE);
    }
    storedBefore(Long.MAX_VALUE);
    return new Report(
        referenced,
        bytes,
        awaited,
        List.copyOf(missing),
        List.copyOf(damaged),
        leftover,
        leftoverBytes,
        uncommitted,
        foreign,
        List.copyOf(examples));
  }

  /** Takes stored blocks with lower numbers, which no row names. */
  private void storedBefore(long number) throws IOException {
    LocalBlock next = peek();
    while (next != null && next.block().value() < number) {
      stored.remove();
      unreferenced(next);
      next = peek();
    }
  }

  private @Nullable LocalBlock peek() throws IOException {
    if (stored.isEmpty() && !storeEnded) {
      List<LocalBlock> page = local.scan(scanned, PAGE);
      stored.addAll(page);
      storeEnded = page.isEmpty();
      if (!storeEnded) {
        scanned = page.get(page.size() - 1).block().value();
      }
    }
    return stored.peek();
  }

  private void unreferenced(LocalBlock block) {
    // The session first: after its end no commit of it is left, so a row missing then stays so.
    boolean ended = table.hasEnded(block.session());
    if (table.isReferenced(block.block())) {
      return; // Committed since the row's page was read, or in the tables yet.
    }
    if (ended) {
      leftover++;
      leftoverBytes += block.length();
    } else {
      uncommitted++;
    }
  }

  private @Nullable BlockRow row(BlockId block) {
    List<BlockRow> next = table.rowsAfter(block.value() - 1, 1);
    return next.isEmpty() || !next.get(0).block().equals(block) ? null : next.get(0);
  }

  private void judge(BlockRow row) throws IOException {
    BlockId block = row.block();
    LocalBlock next = peek();
    LocalBlock found = next != null && next.block().equals(block) ? stored.remove() : null;
    if (!table.isMine(block.group())) {
      foreign += found == null ? 0 : 1;
      return;
    }
    referenced++;
    bytes += row.length();
    if (found == null) {
      // It may have come since the page of the store was read, or gone since that of the rows.
      if (local.find(block) == null && row(block) != null) {
        absent(block);
      }
    } else if (isBad(row, found) && row(block) != null) {
      damaged.add(block);
      example(block + " is here and bad");
    }
  }

  private void absent(BlockId block) {
    if (table.isNeeded(block)) {
      awaited++;
    } else {
      missing.add(block);
      example(block + " is not here");
    }
  }

  private boolean isBad(BlockRow row, LocalBlock found) {
    if (!found.is(row.length(), row.crc32c())) {
      return true;
    }
    ByteBuffer room = buffer;
    if (room == null) {
      return false;
    }
    try {
      return CopyCheck.of(local, row, room) == CopyCheck.Verdict.DAMAGED;
    } catch (IOException e) {
      LOG.warn("cannot check {}: {}", row.block(), e.toString());
      return true;
    }
  }

  private void example(String sentence) {
    if (examples.size() < EXAMPLES_MAX) {
      examples.add(sentence);
    }
  }
}
