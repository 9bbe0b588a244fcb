package io.pandofs.tools.node;

import io.pandofs.common.TheOnePlace;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.meta.raft.DamagedException;
import io.pandofs.meta.raft.ReplicaFailure;
import io.pandofs.tools.Refusal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node as a process: starts it, waits, and stops it on SIGTERM or SIGINT. The clean stop runs in
 * a shutdown hook and ends the process with 0; a node that stops by itself (a broken invariant, a
 * dead disk) ends it with 1.
 */
public final class Daemon {
  private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

  private Daemon() {}

  /**
   * Runs a node until it is told to stop.
   *
   * @return false: it came to an end by itself
   * @throws Refusal it cannot be started as configured; nothing was damaged
   */
  public static boolean run(NodeConfig config) throws Refusal, InterruptedException {
    // gRPC logs here, two lines a record, what nobody needs.
    java.util.logging.Logger.getLogger("").setLevel(java.util.logging.Level.WARNING);
    DirectMemory.requireRoomFor(config.budgets());
    LOG.info("pando {} starts as {} on {}", Version.text(), config.name(), config.dataDirectory());
    AtomicReference<@Nullable Node> running = new AtomicReference<>();
    Thread hook = new Thread(() -> stop(running.get()), "stop");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      ReplicaFailure why;
      do {
        why = runOnce(config, running);
        LOG.error("the node ends: {}", why.reason());
        // Whose data are damaged starts again, and then joins as a new node.
      } while (why.kind() == ReplicaFailure.Kind.DAMAGED && hook.getState() == Thread.State.NEW);
      return false;
    } catch (Refusal refusal) {
      LOG.debug("the node cannot start", refusal);
      throw refusal;
    } finally {
      removeHook(hook);
    }
  }

  private static ReplicaFailure runOnce(NodeConfig config, AtomicReference<@Nullable Node> running)
      throws Refusal {
    CompletableFuture<ReplicaFailure> end = new CompletableFuture<>();
    Node node = new Node(config, end);
    running.set(node);
    try {
      node.start();
      return end.join();
    } catch (Refusal refusal) {
      if (!end.isDone()) {
        throw refusal;
      }
      return end.join(); // it came to an end before it had started wholly
    } catch (DamagedException e) {
      return new ReplicaFailure(ReplicaFailure.Kind.DAMAGED, String.valueOf(e.getMessage()));
    } finally {
      node.close();
    }
  }

  private static void removeHook(Thread hook) throws InterruptedException {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is being stopped: the hook has the node, and ends the process.
      hook.join();
    }
  }

  @TheOnePlace("a clean stop by signal is a success, which the JVM would report as 143")
  private static void stop(@Nullable Node node) {
    LOG.info("stopping");
    if (node != null) {
      node.close();
    }
    LOG.info("stopped");
    Runtime.getRuntime().halt(0);
  }
}
