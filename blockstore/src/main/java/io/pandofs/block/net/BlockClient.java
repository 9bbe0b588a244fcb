package io.pandofs.block.net;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.BlockMissingException;
import io.pandofs.block.wire.ReadAnswer;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.Payload;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Asks other nodes' block servers. Thread-safe; futures complete on I/O threads. */
public final class BlockClient {
  /** Blocks that can be asked for at a time. */
  public static final int HAVE_MAX = BlockMethods.HAVE_MAX;

  private static final PutOutcome[] PUT_OUTCOMES = PutOutcome.values();
  private final Connections connections;

  public BlockClient(Connections connections) {
    this.connections = connections;
  }

  /** Asks this node and no other: an address alone says not who answers there. */
  public BlockClient expecting(NodeId node) {
    return new BlockClient(connections.expecting(node));
  }

  /**
   * Stores a block at a peer. Fails with an {@code IOException} when it is not known whether it was
   * stored; doing it again is harmless. Cancelling the future takes back a put that still waits.
   *
   * @param bytes must not change until the future is done
   */
  public CompletableFuture<PutOutcome> put(
      InetSocketAddress to, PutRequest put, ByteBuffer bytes, Duration deadline) {
    Payload request = Payload.of(ByteBuffer.wrap(BlockCodec.encode(put)), bytes);
    CompletableFuture<Payload> call = connections.call(to, BlockMethods.PUT, request, deadline);
    CompletableFuture<PutOutcome> outcome = call.thenApply(BlockClient::outcome);
    var unused =
        outcome.whenComplete(
            (done, failure) -> {
              if (outcome.isCancelled()) {
                call.cancel(false);
              }
            });
    return outcome;
  }

  private static PutOutcome outcome(Payload answer) {
    try (answer) {
      int outcome = BlockCodec.decodePutAnswer(answer.header());
      if (outcome < 0 || outcome >= PUT_OUTCOMES.length) {
        throw new BadRequestException("unknown outcome of a put: " + outcome);
      }
      return PUT_OUTCOMES[outcome];
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /**
   * Reads part of a block at a peer; the bytes match their checksum. Fails with {@link
   * BlockMissingException} or {@link BlockCorruptException} when the peer says so, with another
   * {@code IOException} when it says nothing of use. Cancelling the future takes the question back.
   */
  public CompletableFuture<RemoteBlock> read(
      InetSocketAddress from, BlockId block, int offset, int length, Duration deadline) {
    Payload request = Payload.of(BlockCodec.encode(new ReadRequest(block, offset, length)));
    CompletableFuture<Payload> call = connections.call(from, BlockMethods.READ, request, deadline);
    CompletableFuture<RemoteBlock> result = new CompletableFuture<>();
    var unused =
        call.whenComplete(
            (answer, failure) -> {
              if (answer == null) {
                result.completeExceptionally(failure);
              } else {
                give(result, answer, block, length);
              }
            });
    var unusedToo =
        result.whenComplete(
            (done, failure) -> {
              if (result.isCancelled()) {
                call.cancel(false);
              }
            });
    return result;
  }

  /**
   * Which of the blocks the peer holds as a replica, on stable storage. Fails with an {@code
   * IOException} when it does not say.
   *
   * @param blocks at most {@link #HAVE_MAX}
   */
  public CompletableFuture<Set<BlockId>> have(
      InetSocketAddress at, List<BlockId> blocks, Duration deadline) {
    Payload request = Payload.of(BlockCodec.encodeHave(blocks));
    return connections
        .call(at, BlockMethods.HAVE, request, deadline)
        .thenApply(answer -> held(answer, blocks));
  }

  private static Set<BlockId> held(Payload answer, List<BlockId> blocks) {
    try (answer) {
      List<Boolean> held = BlockCodec.decodeHaveAnswer(answer.header());
      if (held.size() != blocks.size()) {
        throw new BadRequestException("asked for " + blocks.size() + " blocks: " + held.size());
      }
      Set<BlockId> found = new HashSet<>();
      for (int i = 0; i < held.size(); i++) {
        if (held.get(i)) {
          found.add(blocks.get(i));
        }
      }
      return found;
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private static void give(
      CompletableFuture<RemoteBlock> result, Payload answer, BlockId block, int length) {
    try {
      RemoteBlock bytes = checked(answer, block, length);
      if (!result.complete(bytes)) {
        bytes.close(); // Taken back meanwhile.
      }
    } catch (CompletionException e) {
      result.completeExceptionally(e.getCause() == null ? e : e.getCause());
    }
  }

  private static RemoteBlock checked(Payload answer, BlockId block, int length) {
    try {
      return check(answer, block, length);
    } catch (IOException e) {
      answer.close();
      throw new CompletionException(e);
    }
  }

  private static RemoteBlock check(Payload answer, BlockId block, int length) throws IOException {
    ReadAnswer header = BlockCodec.decodeReadAnswer(answer.header());
    switch (header.getOutcome()) {
      case BlockMethods.READ_BYTES -> {}
      case BlockMethods.READ_MISSING ->
          throw new BlockMissingException(block, "the peer does not have it");
      case BlockMethods.READ_DAMAGED ->
          throw new BlockCorruptException(block, "the peer's copy is damaged");
      default -> throw new BadRequestException("unknown outcome of a read");
    }
    ByteBuffer body = answer.body();
    if (body.remaining() != length) {
      throw new BadRequestException(
          "asked for " + length + " bytes of " + block + ", got " + body.remaining());
    }
    if (Checksums.crc32c(body) != header.getCrc32C()) {
      throw new BlockCorruptException(block, "the answer does not match its checksum");
    }
    return new RemoteBlock(answer, BlockCodec.session(header.getSession()));
  }
}
