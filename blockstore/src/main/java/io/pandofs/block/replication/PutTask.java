package io.pandofs.block.replication;

import io.pandofs.block.Replicas;
import io.pandofs.block.StoreFullException;
import io.pandofs.block.StoredBlock;
import io.pandofs.block.net.PutOutcome;
import io.pandofs.block.net.PutRequest;
import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.net.ConnectionRefusedException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One put, from its first copy to the last. Thread-safe; nothing in it waits.
 *
 * <p>Invariants: the result is given only while a quorum of the replicas of the map's present epoch
 * have acknowledged stable storage; it names them and the epoch. Who says that it is full, or does
 * not listen, is tried again while others may still make a quorum, but not to be pushed to: it
 * fetches the block itself when it can. The bytes are the task's own, and are given up only after
 * the last attempt that could look at them has ended.
 */
final class PutTask {
  private static final Duration RETRY_MIN = Duration.ofMillis(50);
  private static final Duration RETRY_MAX = Duration.ofSeconds(1);

  private final Replication replication;
  private final PutBuffers buffers;
  private final Duration timeout;
  private final long startedNanos;
  private final SessionId session;
  private final BlockId block;
  private final ByteBuffer bytes;
  private final int length;
  private final int crc32c;
  private final CompletableFuture<StoredBlock> result = new CompletableFuture<>();

  // All below is guarded by "this".
  private final Set<NodeId> holders = new HashSet<>();
  private final Map<NodeId, CompletableFuture<PutOutcome>> running = new HashMap<>();
  private final Set<NodeId> scheduled = new HashSet<>();
  private final Map<NodeId, Integer> failures = new HashMap<>();
  private final Map<NodeId, Throwable> lastFailure = new HashMap<>();

  /** Those whose last answer was that they are full. */
  private final Set<NodeId> full = new HashSet<>();

  /** Those where nobody listened at the last attempt. */
  private final Set<NodeId> away = new HashSet<>();

  private Replicas map;
  private @Nullable ScheduledFuture<?> alarm;
  private boolean decided;
  private boolean pushing;
  private boolean abandoned;
  private boolean released;

  /** The bytes count against the put budget already. */
  PutTask(
      Replication replication,
      PutBuffers buffers,
      Duration timeout,
      SessionId session,
      BlockId block,
      ByteBuffer bytes,
      int crc32c) {
    this.replication = replication;
    this.buffers = buffers;
    this.timeout = timeout;
    this.startedNanos = replication.clock().nanoTime();
    this.session = session;
    this.block = block;
    this.bytes = bytes;
    this.length = bytes.remaining();
    this.crc32c = crc32c;
    this.map = new Replicas(0, List.of(), 1);
  }

  CompletableFuture<StoredBlock> start() {
    synchronized (this) {
      try {
        alarm =
            replication.scheduler().schedule(this::expire, timeout.toNanos(), TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        fail(new IOException(failed("the node is stopping")));
      }
    }
    advance();
    return result;
  }

  /** Looks at the map, starts what is to be started, ends what has come to its end. */
  private void advance() {
    List<NodeId> toTry = new ArrayList<>();
    synchronized (this) {
      if (released) {
        return; // The bytes may be another put's by now.
      }
      if (!abandoned) {
        map = replication.directory().replicas(block.group());
        decideIfQuorum();
        failIfFull();
      }
      if (!abandoned) {
        for (NodeId node : map.nodes()) {
          if (!isOver(node) && !running.containsKey(node) && scheduled.add(node)) {
            toTry.add(node);
          }
        }
        if (map.nodes().isEmpty()) {
          retryLater(1);
        }
      }
      releaseIfOver();
    }
    toTry.forEach(this::attempt);
  }

  private void attempt(NodeId node) {
    CompletableFuture<PutOutcome> outcome;
    synchronized (this) {
      scheduled.remove(node);
      if (released || abandoned || isOver(node) || running.containsKey(node)) {
        releaseIfOver();
        return;
      }
      try {
        outcome = send(node);
      } catch (RuntimeException | OutOfMemoryError e) {
        // As any other failure of this node: the others have their turn.
        outcome = CompletableFuture.failedFuture(e);
      }
      running.put(node, outcome);
    }
    var unused = outcome.whenComplete((done, failure) -> answered(node, done, failure));
  }

  private CompletableFuture<PutOutcome> send(NodeId node) {
    if (node.equals(replication.self())) {
      return here(replication.local().put(session, block, bytes.duplicate(), crc32c));
    }
    InetSocketAddress address = replication.peers().addressOf(node);
    if (address == null) {
      return CompletableFuture.failedFuture(new IOException("no address of " + node + " is known"));
    }
    PutRequest put = new PutRequest(session, block, map.epoch(), crc32c);
    Duration left = timeout.minusNanos(replication.clock().nanoTime() - startedNanos);
    return replication
        .client()
        .expecting(node)
        .put(address, put, bytes.duplicate(), left.isNegative() ? Duration.ZERO : left);
  }

  /** Cancelling it takes back what the store has not begun with. */
  private static CompletableFuture<PutOutcome> here(CompletableFuture<Void> put) {
    CompletableFuture<PutOutcome> outcome =
        put.thenApply(done -> PutOutcome.STORED).exceptionally(PutTask::fullOr);
    var unused =
        outcome.whenComplete(
            (done, failure) -> {
              if (outcome.isCancelled()) {
                put.cancel(false);
              }
            });
    return outcome;
  }

  private static PutOutcome fullOr(Throwable failure) {
    Throwable cause = Failures.unwrap(failure);
    if (cause instanceof StoreFullException) {
      return PutOutcome.FULL;
    }
    throw new CompletionException(cause);
  }

  private void answered(NodeId node, @Nullable PutOutcome outcome, @Nullable Throwable failure) {
    synchronized (this) {
      running.remove(node);
      full.remove(node);
      away.remove(node);
      if (outcome == PutOutcome.STORED) {
        holders.add(node);
      } else if (outcome == PutOutcome.SESSION_OVER) {
        fail(new IOException(failed("the session " + session + " is over")));
      } else {
        if (outcome == PutOutcome.FULL) {
          full.add(node);
        }
        if (failure != null && Failures.unwrap(failure) instanceof ConnectionRefusedException) {
          away.add(node);
        }
        lastFailure.put(node, failure == null ? new IOException(why(outcome)) : failure);
        if (!abandoned && scheduled.add(node)) {
          scheduleAttempt(node, failures.merge(node, 1, Integer::sum));
        }
      }
    }
    advance();
  }

  private static String why(@Nullable PutOutcome outcome) {
    return outcome == PutOutcome.FULL ? "its disks are full" : "it knows a newer placement";
  }

  /** Whether nothing more is to be sent to it. */
  private boolean isOver(NodeId node) {
    return holders.contains(node) || (decided && (full.contains(node) || away.contains(node)));
  }

  private void scheduleAttempt(NodeId node, int times) {
    after(
        times,
        () -> {
          // The map may have moved on, and the node with it.
          synchronized (this) {
            scheduled.remove(node);
          }
          advance();
        });
  }

  private void retryLater(int times) {
    after(times, this::advance);
  }

  private void after(int times, Runnable step) {
    long nanos = RETRY_MIN.toNanos() << Math.min(times - 1, 6);
    long delay = Math.min(nanos, RETRY_MAX.toNanos());
    try {
      var unused = replication.scheduler().schedule(step, delay, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      fail(new IOException(failed("the node is stopping")));
    }
  }

  /** Space comes back too late for a caller who waits. */
  private void failIfFull() {
    long others = map.nodes().stream().filter(node -> !full.contains(node)).count();
    if (!map.nodes().isEmpty() && others < map.quorum()) {
      fail(new StoreFullException(failed(progress())));
    }
  }

  private void decideIfQuorum() {
    List<NodeId> present = map.nodes().stream().filter(holders::contains).toList();
    if (decided || map.nodes().isEmpty() || present.size() < map.quorum()) {
      return;
    }
    decided = true;
    StoredBlock stored = new StoredBlock(length, crc32c, map.epoch(), present);
    complete(() -> result.complete(stored));
    if (!holders.containsAll(map.nodes())) {
      pushOn();
    }
  }

  /** From here on the rest is pushed on its own budget, or by the others' repair. */
  private void pushOn() {
    if (buffers.tryTakePush(length)) {
      pushing = true;
      buffers.givePut(length);
    } else {
      abandon();
    }
  }

  private void expire() {
    synchronized (this) {
      if (!decided) {
        String reason = "no quorum within " + timeout.toMillis() + " ms: " + progress();
        fail(new IOException(failed(reason)));
      }
      abandon();
      releaseIfOver();
    }
  }

  private String progress() {
    StringBuilder text = new StringBuilder();
    for (NodeId node : map.nodes()) {
      String state = holders.contains(node) ? "stored" : Failures.describe(lastFailure.get(node));
      text.append(text.isEmpty() ? "" : ", ").append(node).append(" ").append(state);
    }
    return text.isEmpty() ? "no replicas are known" : text.toString();
  }

  private String failed(String reason) {
    return "cannot store " + block + ": " + reason;
  }

  private synchronized void fail(IOException failure) {
    if (!decided) {
      decided = true;
      complete(() -> result.completeExceptionally(failure));
    }
    abandon();
  }

  private void abandon() {
    if (!abandoned) {
      abandoned = true;
      // Not under the lock's later users' feet: a cancelled attempt answers on this very thread.
      List.copyOf(running.values()).forEach(attempt -> attempt.cancel(false));
    }
  }

  /** The caller's steps run elsewhere: here may be the store's thread or a connection's. */
  private void complete(Runnable completion) {
    try {
      replication.puts().execute(completion);
    } catch (RejectedExecutionException e) {
      completion.run();
    }
  }

  private void releaseIfOver() {
    boolean over = abandoned || map.nodes().stream().allMatch(this::isOver);
    if (released || !decided || !over || !running.isEmpty()) {
      return;
    }
    released = true;
    if (alarm != null) {
      alarm.cancel(false);
    }
    if (!abandoned) {
      // What was cancelled may be looked at for a moment longer, and goes to the collector instead.
      buffers.reuse(bytes);
    }
    if (pushing) {
      buffers.givePush(length);
    } else {
      buffers.givePut(length);
    }
  }
}
