package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.meta.simulation.Host;
import io.pandofs.meta.simulation.World;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Persons who take nodes out of a simulated cluster and machines in: each asks on some node, and
 * again until it is done. What a person was told of a removal is held against the node.
 */
final class SimulatedMembers {
  private static final int NODES_MIN = 3;
  private static final int NODES_MAX = 5;
  private static final int AT_A_TIME = 2;
  private static final long PAUSE_NANOS_MAX = 100_000_000;
  private static final long TROUBLE_NANOS_MAX = 10_000_000;
  private static final long LEAVING_NANOS = 200_000_000;
  private static final long COMING_NANOS = 30_000_000;
  private static final long AGAIN_NANOS = 20_000_000;
  private static final long PATIENCE_NANOS = 1_200_000_000;
  private static final long KEPT_ON_NANOS_MAX = 150_000_000;

  private final SimulatedCluster cluster;
  private final World world;
  private final Set<Long> leaving = new TreeSet<>();
  private final Set<Long> left = new TreeSet<>();
  private int coming;
  private int machines;

  SimulatedMembers(SimulatedCluster cluster) {
    this.cluster = cluster;
    this.world = cluster.world();
  }

  void begin() {
    if (cluster.isWorking()) {
      if (world.chance(0.5)) {
        change();
      }
      change();
      world.after(world.between(0, PAUSE_NANOS_MAX), this::begin);
    }
  }

  private void change() {
    if (leaving.size() + coming >= AT_A_TIME) {
      return;
    }
    int staying = cluster.hosts().size() + coming - leaving.size();
    if (staying >= NODES_MAX || (staying > NODES_MIN && world.chance(0.5))) {
      leave();
    } else {
      come();
    }
  }

  /** Whether nothing is under way. */
  boolean isSettled() {
    return coming == 0 && leaving.isEmpty();
  }

  /** Whether somebody was told that this node is removed. */
  boolean hasLeft(NodeId node) {
    return left.contains(node.value());
  }

  /** How many nodes have left. */
  int removals() {
    return left.size();
  }

  private void come() {
    coming++;
    String machine = "m" + ++machines;
    untilDone(
        steps -> steps.register(machine),
        node -> {
          world.trace(machine + " is " + node);
          cluster.admit(node);
          split(COMING_NANOS);
          untilDone(
              steps -> steps.promote(node),
              none -> {
                world.trace(node + " votes");
                coming--;
              },
              () -> coming--); // another person has had it removed meanwhile
        },
        () -> world.violated(machine + " is not let in"));
  }

  private void leave() {
    Host host = oneToGo();
    NodeId node = new NodeId(host.number());
    if (!leaving.add(node.value())) {
      return;
    }
    world.trace(host + " is to leave");
    befall(host);
    untilDone(
        steps -> steps.remove(node),
        none -> {
          world.trace(host + " has left");
          left.add(node.value());
          world.after(
              world.between(0, KEPT_ON_NANOS_MAX),
              () -> {
                cluster.dismiss(host);
                leaving.remove(node.value());
              });
        },
        () -> leaving.remove(node.value()));
  }

  /** Who has lost something goes first, and comes again as another. */
  private Host oneToGo() {
    List<Host> hosts = cluster.hosts();
    return hosts.stream()
        .filter(cluster::hasLost)
        .findFirst()
        .orElseGet(() -> hosts.get(world.random().nextInt(hosts.size())));
  }

  /** Nodes are removed when something is wrong with them. */
  private void befall(Host host) {
    if (world.chance(0.5)) {
      world.after(world.between(0, TROUBLE_NANOS_MAX), () -> cluster.befall(host));
    } else {
      split(LEAVING_NANOS);
    }
  }

  private void split(long within) {
    if (world.chance(0.5)) {
      world.after(world.between(0, within), cluster::split);
    }
  }

  private <T> void untilDone(
      Function<SimulatedChanges, CompletableFuture<T>> step, Consumer<T> done, Runnable refused) {
    boolean[] over = {false};
    Runnable again =
        () -> {
          if (!over[0]) {
            over[0] = true;
            world.after(AGAIN_NANOS, () -> untilDone(step, done, refused));
          }
        };
    List<Host> hosts = cluster.hosts();
    Host by = hosts.get(world.random().nextInt(hosts.size()));
    if (!by.isAlive() || by.isPaused()) {
      again.run();
      return;
    }
    cluster
        .node(by)
        .askLeader(step)
        .whenComplete(
            (answer, failure) -> {
              if (over[0]) {
                return;
              }
              if (failure == null) {
                over[0] = true;
                done.accept(answer);
              } else if (Retry.cause(failure) instanceof RefusedException) {
                over[0] = true;
                refused.run();
              } else {
                again.run();
              }
            });
    world.after(PATIENCE_NANOS, again);
  }
}
