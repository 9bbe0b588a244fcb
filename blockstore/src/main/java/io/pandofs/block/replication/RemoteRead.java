package io.pandofs.block.replication;

import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.BlockMissingException;
import io.pandofs.block.BlockRow;
import io.pandofs.block.net.RemoteBlock;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.RemoteException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One read from other replicas: the one that is likely to be quickest is asked; when it fails, or
 * is silent for longer than it usually is, the next too. The first good answer wins, and the other
 * questions are taken back. When all replicas have failed, and only then, the other members are
 * asked, who may have been replicas before; and when these have failed too, the map is looked up
 * once more if a reader waits, as the block may have moved. Thread-safe; nothing in it waits.
 */
final class RemoteRead {
  /** The replicas, the other members, and both again. */
  static final int ROUNDS_FOR_READERS = 4;

  /** The replicas and the other members. */
  static final int ROUNDS_FOR_REPAIR = 2;

  /** Somebody has answered, and nobody had a good copy: that says nothing of other blocks. */
  static final class NoGoodCopyException extends IOException {
    private static final long serialVersionUID = 1;

    NoGoodCopyException(String message) {
      super(message);
    }
  }

  /** Nobody has answered, or nobody is known. */
  static final class NoAnswerException extends IOException {
    private static final long serialVersionUID = 1;

    NoAnswerException(String message) {
      super(message);
    }
  }

  private final Replication replication;
  private final PeerLoads loads;
  private final Duration attemptTimeout;
  private final BlockId block;
  private final int offset;
  private final int length;
  private final int rounds;
  private final CompletableFuture<RemoteBlock> result = new CompletableFuture<>();

  // All below is guarded by "this".
  private final Deque<NodeId> toAsk = new ArrayDeque<>();
  private final StringBuilder troubles = new StringBuilder();
  private final Map<NodeId, CompletableFuture<RemoteBlock>> asked = new HashMap<>();
  private int running;
  private int round;
  private boolean isAnswered;
  private boolean won;

  /**
   * @param attemptTimeout for one of them
   */
  RemoteRead(
      Replication replication,
      PeerLoads loads,
      Duration attemptTimeout,
      BlockId block,
      int offset,
      int length,
      int rounds) {
    this.replication = replication;
    this.loads = loads;
    this.attemptTimeout = attemptTimeout;
    this.block = block;
    this.offset = offset;
    this.length = length;
    this.rounds = rounds;
  }

  /**
   * The first good answer, which is its receiver's to close. Fails with a {@link
   * NoGoodCopyException}, with a {@link NoAnswerException}, or when this node is stopping.
   */
  CompletableFuture<RemoteBlock> start() {
    guarded(this::askNext);
    return result;
  }

  /** As {@link #start}; the answer is put into the buffer, which has room for it. */
  CompletableFuture<Void> into(ByteBuffer into) {
    return start()
        .thenAccept(
            bytes -> {
              try (bytes) {
                into.put(bytes.bytes());
              }
            });
  }

  /** A step that throws, as the tables do when they are closed, must not leave a reader waiting. */
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      giveUp(new IOException("cannot read " + block, e));
    }
  }

  private void giveUp(IOException failure) {
    synchronized (this) {
      if (won) {
        return;
      }
      won = true;
    }
    result.completeExceptionally(failure);
  }

  private void askNext() {
    NodeId node;
    InetSocketAddress address;
    synchronized (this) {
      do {
        node = nextNode();
        address = node == null ? null : replication.peers().addressOf(node);
        if (node != null && address == null) {
          note(node, "no address is known");
        }
      } while (node != null && address == null);
      if (node == null || address == null) {
        failIfOver();
        return;
      }
      running++;
    }
    ask(node, address);
  }

  private @Nullable NodeId nextNode() {
    while (!won && toAsk.isEmpty() && running == 0 && round < rounds) {
      boolean replicasTurn = round % 2 == 0;
      round++;
      toAsk.addAll(
          replicasTurn
              ? loads.order(replication.othersOf(block.group(), block.serial()))
              : replication.strangersTo(block.group()));
    }
    return won ? null : toAsk.poll();
  }

  private void ask(NodeId node, InetSocketAddress address) {
    long started = replication.clock().nanoTime();
    loads.begin(node);
    CompletableFuture<RemoteBlock> answer;
    try {
      answer =
          replication.client().expecting(node).read(address, block, offset, length, attemptTimeout);
    } catch (RuntimeException e) {
      loads.end(node, replication.clock().nanoTime() - started);
      throw e;
    }
    synchronized (this) {
      asked.put(node, answer);
    }
    var unused =
        answer.whenComplete(
            (bytes, failure) -> {
              loads.end(node, replication.clock().nanoTime() - started);
              guarded(() -> answered(node, bytes, failure));
            });
    try {
      var timer =
          replication
              .scheduler()
              .schedule(() -> guarded(this::hedge), loads.hedgeNanos(node), TimeUnit.NANOSECONDS);
      var unusedCancel = result.whenComplete((done, failure) -> timer.cancel(false));
    } catch (RejectedExecutionException e) {
      giveUp(new IOException("the node is stopping", e));
    }
  }

  private void hedge() {
    boolean more;
    synchronized (this) {
      more = !won && !toAsk.isEmpty();
    }
    if (more) {
      askNext();
    }
  }

  private void answered(NodeId node, @Nullable RemoteBlock bytes, @Nullable Throwable failure) {
    boolean good = bytes != null && take(node, bytes);
    synchronized (this) {
      running--;
      isAnswered |= bytes != null || isAnswer(failure);
      if (failure != null) {
        note(node, Failures.describe(failure));
      }
    }
    if (good && bytes != null) {
      result.complete(bytes);
      takeBack(node);
    } else {
      askNext();
    }
  }

  private static boolean isAnswer(@Nullable Throwable failure) {
    Throwable cause = failure == null ? null : Failures.unwrap(failure);
    return cause instanceof BlockMissingException
        || cause instanceof BlockCorruptException
        || cause instanceof RemoteException;
  }

  /** The answers of the others are of no use any more. */
  private void takeBack(NodeId winner) {
    List<CompletableFuture<RemoteBlock>> others = new ArrayList<>();
    synchronized (this) {
      asked.forEach(
          (node, answer) -> {
            if (!node.equals(winner)) {
              others.add(answer);
            }
          });
    }
    others.forEach(answer -> answer.cancel(false));
  }

  /** Whether this answer has won; one that has not is closed. */
  private boolean take(NodeId node, RemoteBlock bytes) {
    boolean good = false;
    try {
      boolean agrees = agreesWithRow(bytes.bytes());
      synchronized (this) {
        if (!agrees) {
          note(node, "its bytes are not those that were committed");
        }
        good = agrees && !won;
        won |= good;
      }
      return good;
    } finally {
      if (!good) {
        bytes.close();
      }
    }
  }

  /** A whole block is checked against the log's word, not only the peer's. */
  private boolean agreesWithRow(ByteBuffer got) {
    BlockRow row = offset == 0 ? replication.directory().row(block) : null;
    return row == null || row.length() != got.remaining() || row.crc32c() == Checksums.crc32c(got);
  }

  private void note(NodeId node, String trouble) {
    troubles.append(troubles.isEmpty() ? "" : ", ").append(node).append(": ").append(trouble);
  }

  private void failIfOver() {
    if (!won && running == 0 && toAsk.isEmpty() && round >= rounds) {
      won = true;
      String why = troubles.isEmpty() ? "no other replica is known" : troubles.toString();
      String message = "cannot read " + block + ": " + why;
      result.completeExceptionally(
          isAnswered ? new NoGoodCopyException(message) : new NoAnswerException(message));
    }
  }
}
