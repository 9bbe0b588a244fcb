package io.pandofs.tools.node;

import io.pandofs.common.net.ConnectionRefusedException;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.net.Service;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.engine.ClusterView;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Before a node is taken out of the cluster, its mount commits all that was written to it, and is
 * gone: what it took later would be lost with its session. Thread-safe.
 */
final class LastSync implements Service {
  /**
   * No header. Answered when the node has no mount any more and all of it is committed. A node that
   * is not to leave, as its own tables have it, keeps its mount; so does one that has taken so long
   * to commit that whoever asked may not wait any more ({@link Times#valid}): a node that somebody
   * has drained is one that leaves, as its tables have it, after the asking is over too.
   */
  static final int LAST_SYNC = 311;

  private static final long LOOK_MILLIS = 100;

  /**
   * Times.
   *
   * @param answer longer than a mount usually waits for its data to be committed and for its files
   *     to be closed
   * @param valid how long after a request has come a mount may be ended for it; shorter than {@code
   *     answer} by more than the request is under way and the mount takes to end
   * @param notice how long the asked node's tables may be behind those of who asks
   */
  record Times(Duration answer, Duration valid, Duration notice) {
    static final Times DEFAULT =
        new Times(Duration.ofSeconds(90), Duration.ofSeconds(60), Duration.ofSeconds(10));
  }

  /** The mount of the node that is asked. */
  interface LastMount {
    /**
     * Commits all that was written, and ends the mount for good.
     *
     * @param stillLeaving asked just before it is unmounted; when it says no, the mount goes on
     * @throws IOException not all is committed
     */
    void syncAndClose(BooleanSupplier stillLeaving) throws IOException;
  }

  private final Connections connections;
  private final Executor executor;
  private final BooleanSupplier leaving;
  private final Times times;
  private final Clock clock;

  private volatile @Nullable LastMount mounted;

  /**
   * @param executor for the work of one who is asked, which waits
   * @param leaving whether this node is to leave, as of what it has applied
   */
  LastSync(
      Connections connections,
      Executor executor,
      BooleanSupplier leaving,
      Times times,
      Clock clock) {
    this.connections = connections;
    this.executor = executor;
    this.leaving = leaving;
    this.times = times;
    this.clock = clock;
  }

  /** This node has a mount. */
  void mounted(LastMount volume) {
    mounted = volume;
  }

  @Override
  public CompletionStage<Payload> handle(Peer from, int method, Payload request) {
    request.close();
    long came = clock.nanoTime();
    try {
      return CompletableFuture.runAsync(() -> endMount(came), executor)
          .thenApply(done -> Payload.of(new byte[0]));
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(new IOException("the node is stopping", e));
    }
  }

  private void endMount(long cameNanos) {
    LastMount volume = mounted;
    if (volume == null) {
      return;
    }
    try {
      awaitLeaving();
      volume.syncAndClose(
          () -> leaving.getAsBoolean() && clock.nanoTime() - cameNanos < times.valid().toNanos());
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private void awaitLeaving() throws IOException {
    try {
      for (long left = times.notice().toMillis(); !leaving.getAsBoolean(); left -= LOOK_MILLIS) {
        if (left <= 0) {
          throw new IOException("it is not to leave, as far as it knows");
        }
        Pause.ofMillis(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("the node is stopping", e);
    }
  }

  /**
   * Asks a node, and waits.
   *
   * @return whether there is somebody to ask, who has committed all then
   * @throws io.pandofs.common.net.RemoteException it says that it cannot commit all
   * @throws IOException there was no answer in time; it may still be committing
   */
  boolean ask(ClusterView.Node node) throws IOException, InterruptedException {
    InetSocketAddress control = LocalDirectory.unresolved(node.control());
    if (control == null) {
      return false;
    }
    CompletableFuture<Payload> answer =
        connections
            .expecting(node.id())
            .call(control, LAST_SYNC, Payload.of(new byte[0]), times.answer());
    try {
      answer.get(2 * times.answer().toMillis(), TimeUnit.MILLISECONDS).close();
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ConnectionRefusedException) {
        return false;
      }
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException("no answer: " + e.getMessage(), e);
    } catch (TimeoutException e) {
      throw new IOException("no answer", e);
    }
  }
}
