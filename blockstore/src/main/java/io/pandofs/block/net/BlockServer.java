package io.pandofs.block.net;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.BlockDirectory;
import io.pandofs.block.BlockMissingException;
import io.pandofs.block.BlockRow;
import io.pandofs.block.Blocks;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalFaults;
import io.pandofs.block.Replicas;
import io.pandofs.block.StoreFullException;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.net.Service;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers other nodes' puts and reads, and what it holds, from this node's own store. Thread-safe.
 *
 * <p>A put is refused when this node has applied the end of its session (PROTOCOL rule 16): what it
 * would store could never be committed. A session that this node has not heard of is let in: its
 * registration may be a log entry that this node has not applied yet. A put by an older placement
 * map than this node's is refused unless the node is a replica by its own map too.
 *
 * <p>Memory: the bytes of puts are the frame server's and bounded there; the answers to reads are
 * bounded by {@code readBytesMax}.
 */
public final class BlockServer implements Service {
  private static final Logger LOG = LoggerFactory.getLogger(BlockServer.class);

  private final NodeId self;
  private final LocalBlocks local;
  private final BlockDirectory directory;
  private final LocalFaults faults;
  private final Predicate<BlockId> departing;
  private final Executor disk;
  private final Executor puts;
  private final ReadBudget readBudget;

  /**
   * @param departing copies that this node may be about to delete because others hold the block
   * @param disk where threads may wait for the store
   * @param puts where puts are taken, which must not wait for reads
   * @param readBytesMax that answers to reads hold at a time, at least one block of 4 MiB
   */
  public BlockServer(
      NodeId self,
      LocalBlocks local,
      BlockDirectory directory,
      LocalFaults faults,
      Predicate<BlockId> departing,
      Executor disk,
      Executor puts,
      long readBytesMax) {
    if (readBytesMax < Blocks.BLOCK_BYTES_MAX) {
      throw new IllegalArgumentException("no room for one block: " + readBytesMax);
    }
    this.self = self;
    this.local = local;
    this.directory = directory;
    this.faults = faults;
    this.departing = departing;
    this.disk = disk;
    this.puts = puts;
    this.readBudget = new ReadBudget(readBytesMax);
  }

  @Override
  public CompletableFuture<Payload> handle(Peer from, int method, Payload request) {
    CompletableFuture<Payload> answer = new CompletableFuture<>();
    try {
      switch (method) {
        case BlockMethods.PUT -> run(puts, answer, request::close, () -> put(request, answer));
        case BlockMethods.READ -> read(request, answer);
        case BlockMethods.HAVE -> have(request, answer);
        default -> throw new BadRequestException("unknown method " + method);
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("refusing a request from {}: {}", from, e.getMessage());
      request.close();
      answer.completeExceptionally(e);
    }
    return answer;
  }

  /** A step that may wait for a disk, and gives back what it was given unless it throws. */
  private interface Step {
    void run() throws IOException;
  }

  private static void run(
      Executor threads, CompletableFuture<Payload> answer, Runnable onFailure, Step step) {
    try {
      threads.execute(
          () -> {
            try {
              step.run();
            } catch (IOException | RuntimeException | OutOfMemoryError e) {
              LOG.warn("cannot serve a request: {}", e.toString());
              onFailure.run();
              answer.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      onFailure.run();
      answer.completeExceptionally(new IOException("the node is stopping", e));
    }
  }

  private void put(Payload request, CompletableFuture<Payload> answer) throws IOException {
    PutRequest put = BlockCodec.decodePut(request.header());
    ByteBuffer bytes = request.body();
    int length = bytes.remaining();
    if (length == 0 || length > Blocks.BLOCK_BYTES_MAX) {
      throw new BadRequestException(put.block() + " of " + length + " bytes");
    }
    if (Checksums.crc32c(bytes) != put.crc32c()) {
      throw new BadRequestException(put.block() + " does not match its checksum");
    }
    if (directory.hasEnded(put.session())) {
      refuse(request, answer, BlockMethods.PUT_SESSION_OVER);
      return;
    }
    if (isStale(put)) {
      refuse(request, answer, BlockMethods.PUT_STALE_PLACEMENT);
      return;
    }
    var unused =
        local
            .put(put.session(), put.block(), bytes, put.crc32c())
            .whenComplete((done, failure) -> stored(request, answer, failure));
  }

  private static void stored(
      Payload request, CompletableFuture<Payload> answer, @Nullable Throwable failure) {
    request.close();
    if (failure == null) {
      answer.complete(Payload.of(BlockCodec.encodePutAnswer(BlockMethods.PUT_STORED)));
    } else if (failure instanceof StoreFullException) {
      answer.complete(Payload.of(BlockCodec.encodePutAnswer(BlockMethods.PUT_FULL)));
    } else {
      answer.completeExceptionally(failure);
    }
  }

  private static void refuse(Payload request, CompletableFuture<Payload> answer, int outcome) {
    request.close();
    answer.complete(Payload.of(BlockCodec.encodePutAnswer(outcome)));
  }

  private boolean isStale(PutRequest put) {
    Replicas known = directory.replicas(put.block().group());
    return put.epoch() <= known.epoch() && !known.nodes().contains(self);
  }

  private void have(Payload request, CompletableFuture<Payload> answer) throws IOException {
    List<BlockId> blocks = BlockCodec.decodeHave(request.header());
    request.close();
    run(
        disk,
        answer,
        () -> {},
        () -> {
          List<Boolean> held = new ArrayList<>();
          for (BlockId block : blocks) {
            held.add(isHeld(block));
          }
          answer.complete(Payload.of(BlockCodec.encodeHaveAnswer(held)));
        });
  }

  /**
   * As this node's own map and tables want it; what the store has it has stored durably. Not what
   * is to be fetched or repaired: what is there may be a bad copy.
   */
  private boolean isHeld(BlockId block) throws IOException {
    // The store is looked at last: a copy that departs is gone, or was noted before it was asked
    // for elsewhere.
    BlockRow row = directory.row(block);
    if (row == null
        || departing.test(block)
        || !directory.replicas(block.group()).nodes().contains(self)
        || directory.isNeeded(block)) {
      return false;
    }
    LocalBlocks.LocalBlock found = local.find(block);
    return found != null && found.is(row.length(), row.crc32c());
  }

  private void read(Payload request, CompletableFuture<Payload> answer) throws IOException {
    ReadRequest read = BlockCodec.decodeRead(request.header());
    request.close();
    ReadAnswerRoom room = new ReadAnswerRoom(readBudget, read.length());
    readBudget.take(
        read.length(), () -> run(disk, answer, room::giveBack, () -> readNow(read, room, answer)));
  }

  private void readNow(ReadRequest read, ReadAnswerRoom room, CompletableFuture<Payload> answer)
      throws IOException {
    BlockId block = read.block();
    try {
      LocalBlocks.LocalBlock found = local.find(block);
      if (found == null) {
        throw new BlockMissingException(block, "not in this store");
      }
      if (read.offset() + read.length() > found.length()) {
        throw new BadRequestException(
            "a range past the end of " + block + ": " + read.offset() + ", " + read.length());
      }
      ByteBuffer bytes = ByteBuffer.allocate(read.length());
      local.read(block, read.offset(), bytes);
      bytes.flip();
      byte[] header =
          BlockCodec.encodeReadAnswer(
              BlockMethods.READ_BYTES, Checksums.crc32c(bytes), found.session().value());
      answer.complete(room.filled(header, bytes));
    } catch (BlockMissingException e) {
      faults.missing(block);
      without(room, answer, BlockMethods.READ_MISSING);
    } catch (BlockCorruptException e) {
      LOG.warn("cannot serve a read: {}", e.getMessage());
      faults.damaged(block);
      without(room, answer, BlockMethods.READ_DAMAGED);
    }
  }

  private static void without(ReadAnswerRoom room, CompletableFuture<Payload> answer, int outcome) {
    room.giveBack();
    answer.complete(Payload.of(BlockCodec.encodeReadAnswer(outcome, 0, 0)));
  }
}
