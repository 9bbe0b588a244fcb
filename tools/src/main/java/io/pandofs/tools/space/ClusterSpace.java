package io.pandofs.tools.space;

import io.pandofs.common.NodeId;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import io.pandofs.common.net.Service;
import io.pandofs.mount.vfs.Capacity;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what the nodes tell of their disks and of the blocks there: asks each member every few
 * seconds and answers when asked. A member that does not answer counts with what it told last.
 * Thread-safe; {@link #space} answers at once.
 */
public final class ClusterSpace implements Capacity, Service {
  /** The one method of this service; 300 to 399 of a control server are for it. */
  public static final int SPACE = 301;

  private static final Logger LOG = LoggerFactory.getLogger(ClusterSpace.class);
  private static final int SILENT_AFTER = 2;
  private static final Duration DEADLINE = Duration.ofSeconds(3);

  private final NodeId self;
  private final Connections connections;
  private final Supplier<NodeStore> own;
  private final Supplier<Members> members;
  private final LongSupplier storedBytes;
  private final Map<NodeId, NodeStore> told = new ConcurrentHashMap<>();

  /** How many times in a row a member did not answer. */
  private final Map<NodeId, Integer> missed = new ConcurrentHashMap<>();

  private volatile long freeBytes;
  private volatile long usedBytes;
  private volatile OneCopy oneCopy = OneCopy.NONE;

  /**
   * The cluster as this node has it applied.
   *
   * @param control where to ask each member but this one
   * @param groups the replicas of each placement group
   */
  public record Members(Map<NodeId, InetSocketAddress> control, List<List<NodeId>> groups) {}

  /**
   * @param own this node's store
   * @param storedBytes the volume's live bytes, before replication
   */
  public ClusterSpace(
      NodeId self,
      Connections connections,
      Supplier<NodeStore> own,
      Supplier<Members> members,
      LongSupplier storedBytes) {
    this.self = self;
    this.connections = connections;
    this.own = own;
    this.members = members;
    this.storedBytes = storedBytes;
  }

  /** Whether this service answers a method of the control server. */
  public static boolean includes(int method) {
    return method >= 300 && method < 400;
  }

  /** Asks all members and counts anew; called every few seconds. Touches local tables. */
  public void refresh() {
    Members now = members.get();
    told.keySet().retainAll(now.control().keySet());
    missed.keySet().retainAll(now.control().keySet());
    told.put(self, own.get());
    now.control()
        .forEach(
            (node, control) -> {
              if (!node.equals(self)) {
                ask(node, control);
              }
            });
    freeBytes = UsableSpace.free(now.groups(), told);
    Map<NodeId, NodeStore> heard = new HashMap<>(told);
    heard.keySet().removeAll(silent());
    oneCopy = OneCopy.of(now.groups(), heard);
    usedBytes = storedBytes.getAsLong();
  }

  private void ask(NodeId node, InetSocketAddress control) {
    var unused =
        connections
            .expecting(node)
            .call(control, SPACE, Payload.of(new byte[0]), DEADLINE)
            .whenComplete(
                (answer, failure) -> {
                  if (failure != null) {
                    LOG.debug("{} does not tell its space: {}", node, failure.toString());
                    missed.merge(node, 1, Integer::sum);
                    return;
                  }
                  missed.remove(node);
                  try (answer) {
                    told.put(node, NodeStore.decode(answer.header()));
                  } catch (IllegalArgumentException e) {
                    LOG.warn("{} told of its space what makes no sense: {}", node, e.getMessage());
                  }
                });
  }

  /** Members that did not answer when they were asked last, twice at least. */
  public Set<NodeId> silent() {
    Set<NodeId> silent = new HashSet<>();
    missed.forEach(
        (node, times) -> {
          if (times >= SILENT_AFTER) {
            silent.add(node);
          }
        });
    return silent;
  }

  /** The blocks that have one copy only, as of the last round. */
  public OneCopy oneCopy() {
    return oneCopy;
  }

  @Override
  public CompletionStage<Payload> handle(Peer from, int method, Payload request) {
    request.close();
    if (method != SPACE) {
      return CompletableFuture.failedFuture(new IllegalArgumentException("no method " + method));
    }
    NodeStore space = told.get(self);
    return space == null
        ? CompletableFuture.failedFuture(new IllegalStateException("not measured yet"))
        : CompletableFuture.completedFuture(Payload.of(space.encode()));
  }

  @Override
  public Space space() {
    return new Space(usedBytes + freeBytes, freeBytes);
  }
}
