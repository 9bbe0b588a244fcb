package io.pandofs.meta.raft;

import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.net.Connections;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.wire.RecallAnswer;
import io.pandofs.meta.wire.RecallRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings recalls of leases from who wants an inode to who holds it: straight to the node of the
 * holder's session, a method call when that is this one. Whether it worked is seen in the log
 * alone; a recall that got lost is made again. Thread-safe.
 */
final class Recalls {
  /** A holder that flushes longer is asked again, and goes on with what it was at. */
  private static final Duration ANSWER_DEADLINE = Duration.ofSeconds(5);

  private final NodeId self;
  private final LiveTables tables;
  private final Connections connections;
  private final Retry retry;
  private final Map<SessionId, RaftSession> sessions;

  /**
   * @param sessions this node's, live
   */
  Recalls(
      NodeId self,
      LiveTables tables,
      Connections connections,
      Retry retry,
      Map<SessionId, RaftSession> sessions) {
    this.self = self;
    this.tables = tables;
    this.connections = connections;
    this.retry = retry;
    this.sessions = sessions;
  }

  /**
   * Completes when the holder has given the lease back or is over; see {@code MetadataSession}.
   *
   * @param goesOn whether the asker still waits for a majority
   */
  CompletableFuture<Void> recall(
      SessionId holder, InodeId inode, Duration patience, BooleanSupplier goesOn) {
    return retry.until(
        patience,
        () ->
            goesOn.getAsBoolean()
                ? ask(holder, inode)
                : CompletableFuture.failedFuture(new RefusedException("no majority")));
  }

  private CompletableFuture<Void> ask(SessionId holder, InodeId inode) {
    try {
      ClusterView.@Nullable Node node;
      ClusterView.@Nullable Session session;
      try (LocalSnapshot snapshot = tables.snapshot()) {
        session = snapshot.cluster().session(holder);
        if (session == null) {
          return CompletableFuture.completedFuture(null);
        }
        node = snapshot.cluster().node(session.node());
      }
      if (node == null) {
        // It was taken out of the cluster: its sessions end soon.
        return CompletableFuture.failedFuture(
            new IOException(session.node() + " was removed, and " + holder + " is not over yet"));
      }
      return node.id().equals(self) ? giveBack(holder, inode) : ask(node, holder, inode);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(new IOException("this node is stopping: " + e, e));
    }
  }

  private CompletableFuture<Void> ask(ClusterView.Node node, SessionId holder, InodeId inode)
      throws RefusedException {
    RecallRequest request =
        RecallRequest.newBuilder().setSession(holder.value()).setInode(inode.value()).build();
    return RemoteLeader.<Boolean>call(
            connections.expecting(node.id()),
            Addresses.parse(node.control()),
            ControlMethods.RECALL,
            ControlCodec.payload(request),
            ANSWER_DEADLINE,
            answer -> {
              ControlCodec.check(ControlCodec.header(answer, RecallAnswer.parser()).getAnswer());
              return true;
            })
        .thenAccept(given -> {});
  }

  /** Another node's recall. */
  CompletableFuture<Void> asked(RecallRequest request) {
    if (request.getSession() <= 0 || request.getInode() <= 0) {
      return CompletableFuture.failedFuture(new RefusedException("a recall of nothing"));
    }
    return giveBack(new SessionId(request.getSession()), new InodeId(request.getInode()));
  }

  private CompletableFuture<Void> giveBack(SessionId holder, InodeId inode) {
    RaftSession session = sessions.get(holder);
    return session == null
        ? CompletableFuture.failedFuture(new IOException(holder + " is not here"))
        : session.giveBack(inode);
  }
}
