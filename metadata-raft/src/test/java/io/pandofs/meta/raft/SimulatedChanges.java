package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.simulation.ModelPeer;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@link MemberChanges} and {@link Membership} over the model of Raft: the same steps in the same
 * order, each in its turn.
 */
final class SimulatedChanges {
  private final SimulatedCluster cluster;
  private final ModelPeer raft;
  private final Function<byte[], CompletableFuture<LogReply>> log;
  private final Supplier<CompletableFuture<Void>> proof;
  private final Supplier<ClusterView> tables;
  private final Releases releases;
  private CompletableFuture<?> last = CompletableFuture.completedFuture(null);
  private boolean finishing;

  /**
   * @param log answers what was applied here, released or not
   */
  SimulatedChanges(
      SimulatedCluster cluster,
      ModelPeer raft,
      Function<byte[], CompletableFuture<LogReply>> log,
      Supplier<CompletableFuture<Void>> proof,
      Supplier<ClusterView> tables,
      Releases releases) {
    this.cluster = cluster;
    this.raft = raft;
    this.log = log;
    this.proof = proof;
    this.tables = tables;
    this.releases = releases;
  }

  private <T> CompletableFuture<T> inTurn(Supplier<CompletableFuture<T>> step) {
    if (!cluster.keeps(Rule.ONE_VOTER_AT_A_TIME)) {
      return step.get();
    }
    CompletableFuture<T> turn =
        last.handle((done, failure) -> null)
            .thenCompose(none -> proof.get())
            .thenCompose(none -> step.get());
    last = turn;
    return turn;
  }

  private static CompletableFuture<Void> done() {
    return CompletableFuture.completedFuture(null);
  }

  private static <T> CompletableFuture<T> refused(String why) {
    return CompletableFuture.failedFuture(new RefusedException(why));
  }

  /** A machine is to be a node: the same one however often it asks. */
  CompletableFuture<NodeId> register(String machine) {
    return inTurn(
        () ->
            tables.get().nodes().stream()
                .filter(node -> node.name().equals(machine))
                .findFirst()
                .map(node -> CompletableFuture.completedFuture(node.id()))
                .orElseGet(
                    () ->
                        log.apply(LogCodec.encode(entry(machine)))
                            .thenApply(reply -> new NodeId(reply.number()))));
  }

  static LogEntry entry(String machine) {
    return new LogEntry.RegisterNode(0, machine, machine + ":1", machine + ":2", machine + ":3");
  }

  CompletableFuture<Void> promote(NodeId newcomer) {
    return inTurn(
        () -> {
          if (tables.get().node(newcomer) == null) {
            return refused(newcomer + " is not registered");
          }
          Set<Integer> then = new TreeSet<>(raft.voters());
          if (!then.add((int) newcomer.value())) {
            return done(); // as by an earlier try
          }
          return raft.isCaughtUp(cluster.host(newcomer))
              ? setVoters(then)
              : CompletableFuture.failedFuture(new IOException(newcomer + " lags behind"));
        });
  }

  CompletableFuture<Void> remove(NodeId node) {
    return inTurn(() -> removeNow(node));
  }

  private CompletableFuture<Void> removeNow(NodeId node) {
    int number = (int) node.value();
    boolean isMember = tables.get().node(node) != null;
    Set<Integer> rest = new TreeSet<>(raft.voters());
    boolean votes = rest.remove(number);
    if (!isMember && !votes) {
      return done(); // as by an earlier try
    }
    Set<Integer> staying = new TreeSet<>(rest);
    staying.removeIf(voter -> tables.get().hasLeft(new NodeId(voter)));
    if (!cluster.canSpare(node, staying)) {
      return refused("no majority would be alive without " + node);
    }
    if (cluster.host(node) == raft.host()) {
      raft.stepDown();
      return CompletableFuture.failedFuture(new NoLeaderException(node + " has stepped down"));
    }
    return (isMember ? log.apply(LogCodec.encode(new LogEntry.RemoveNode(node))) : done())
        .thenCompose(
            none ->
                cluster.keeps(Rule.REMOVED_IS_SILENT_WHEN_TOLD) ? releases.whenLeft(node) : done())
        .thenCompose(none -> votes ? setVoters(without(number)) : done());
  }

  private Set<Integer> without(int gone) {
    Set<Integer> rest = new TreeSet<>(raft.voters());
    rest.remove(gone);
    return rest;
  }

  private CompletableFuture<Void> setVoters(Set<Integer> then) {
    return raft.changeVoters(then).thenApply(none -> null);
  }

  /** Goes on with a removal that was broken off. */
  void finishRemovals() {
    NodeId left = raft.leads() ? leftToVote() : null;
    if (left == null || finishing) {
      return;
    }
    finishing = true;
    remove(left).whenComplete((none, failure) -> finishing = false);
  }

  /** Founders vote before they are registered. */
  private @Nullable NodeId leftToVote() {
    NodeId self = null;
    for (int voter : raft.voters()) {
      NodeId node = new NodeId(voter);
      if (tables.get().hasLeft(node)) {
        if (voter != raft.host().number()) {
          return node;
        }
        self = node;
      }
    }
    return self;
  }
}
