package io.pandofs.tools.node;

import io.pandofs.common.net.Connections;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.net.Service;
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
import org.jspecify.annotations.Nullable;

/**
 * Before a node is taken out of the cluster, its mount commits all that was written to it, and is
 * gone: what it took later would be lost with its session. Thread-safe.
 */
final class LastSync implements Service {
  /** No header. Answered when the node has no mount any more and all of it is committed. */
  static final int LAST_SYNC = 311;

  /** Longer than a mount waits for its data to be committed and for its files to be closed. */
  private static final Duration DEADLINE = Duration.ofSeconds(90);

  private final Connections connections;
  private final Executor executor;

  private volatile @Nullable MountedVolume mounted;

  /**
   * @param executor for the work of one who is asked, which waits
   */
  LastSync(Connections connections, Executor executor) {
    this.connections = connections;
    this.executor = executor;
  }

  /** This node has a mount. */
  void mounted(MountedVolume volume) {
    mounted = volume;
  }

  @Override
  public CompletionStage<Payload> handle(Peer from, int method, Payload request) {
    request.close();
    try {
      return CompletableFuture.runAsync(this::endMount, executor)
          .thenApply(done -> Payload.of(new byte[0]));
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(new IOException("the node is stopping", e));
    }
  }

  private void endMount() {
    MountedVolume volume = mounted;
    if (volume == null) {
      return;
    }
    try {
      volume.syncAndClose();
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /**
   * Asks a node, and waits.
   *
   * @throws io.pandofs.common.net.RemoteException it cannot commit all; its mount goes on
   * @throws IOException it does not answer
   */
  void ask(ClusterView.Node node) throws IOException, InterruptedException {
    InetSocketAddress control = LocalDirectory.unresolved(node.control());
    if (control == null) {
      throw new IOException(Members.text(node) + " has no address");
    }
    CompletableFuture<Payload> answer =
        connections
            .expecting(node.id())
            .call(control, LAST_SYNC, Payload.of(new byte[0]), DEADLINE);
    try {
      answer.get(2 * DEADLINE.toMillis(), TimeUnit.MILLISECONDS).close();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException("no answer from " + Members.text(node) + ": " + e.getMessage(), e);
    } catch (TimeoutException e) {
      throw new IOException("no answer from " + Members.text(node), e);
    }
  }
}
