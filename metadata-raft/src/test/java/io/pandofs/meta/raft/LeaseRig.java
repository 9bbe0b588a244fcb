package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Leaders' and holders' sides of freshness leases in one thread, with one clock in hand. A question
 * stays on its way until the test delivers it, and so does its answer.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what comes of them is looked at elsewhere
final class LeaseRig {
  static final long MS = 1_000_000;
  static final long LEASE = 250 * MS;

  final HandClock clock = new HandClock();
  final Map<Long, Node> nodes = new HashMap<>();
  final Set<NodeId> all;

  /** Whose majority elects leaders. */
  List<Set<NodeId>> voters;

  private long incarnations;

  LeaseRig(int count) {
    all = LongStream.rangeClosed(1, count).mapToObj(NodeId::new).collect(Collectors.toSet());
    voters = List.of(all);
    all.forEach(id -> nodes.put(id.value(), new Node(id)));
  }

  Node node(int i) {
    return nodes.get((long) i);
  }

  /** A question on its way, or answered and its answer on the way. */
  static final class Hop {
    final ConfirmRequest request;
    final CompletableFuture<ConfirmAnswer> back = new CompletableFuture<>();
    CompletableFuture<ConfirmAnswer> answer = new CompletableFuture<>();

    Hop(ConfirmRequest request) {
      this.request = request;
    }
  }

  /** One node: its reader's side and its leader's side. */
  final class Node {
    final NodeId id;
    final DirtyInodes dirty = new DirtyInodes(16);
    final Deque<Hop> outgoing = new ArrayDeque<>();
    final KeptByMounts kept = new KeptByMounts();
    Releases releases;
    Freshness freshness;
    long term = 1;

    Node(NodeId id) {
      this.id = id;
      releases = leading(all);
      freshness = make();
    }

    private Releases leading(Set<NodeId> members) {
      Releases made = new Releases(clock, clock, id, LEASE, () -> voters);
      made.watchVoters();
      made.members(members);
      return made;
    }

    private Freshness make() {
      return new Freshness(
          id,
          ++incarnations,
          clock,
          (nanos, task) -> {},
          LEASE,
          this::send,
          () -> term,
          () -> releases.answeredAt(),
          dirty,
          kept::drop);
    }

    private CompletableFuture<ConfirmAnswer> send(ConfirmRequest request) {
      Hop hop = new Hop(request);
      outgoing.add(hop);
      return hop.back;
    }

    /** A new process of the node; what the old one had asked stays on its way. */
    void restart() {
      freshness = make();
      freshness.wanted(true);
    }

    /** As above, and it finds these members in its tables. */
    void restart(Set<NodeId> members) {
      releases = leading(members);
      restart();
    }

    /** A question from this node, oldest first, arrives at a leader. */
    Hop reach(Node leader) {
      Hop hop = outgoing.remove();
      hop.answer = leader.releases.confirm(hop.request);
      return hop;
    }

    /** Asks and is answered at once, if the leader answers. */
    void ask(Node leader) {
      freshness.leaderChanged();
      exchange(leader);
    }

    /** All questions on their way arrive, and answers that are there arrive as well. */
    void exchange(Node leader) {
      while (!outgoing.isEmpty()) {
        Hop hop = reach(leader);
        hop.answer.whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                hop.back.complete(answer);
              } else {
                hop.back.completeExceptionally(failure);
              }
            });
      }
    }

    void apply(long index) {
      freshness.applied(index, true);
    }
  }

  /** A leader in this term that has applied {@code index}, and all nodes fresh under it. */
  Node led(int by, long term, long index) {
    Node leader = node(by);
    nodes.values().forEach(node -> node.term = term);
    leader.releases.look(() -> term, () -> index);
    for (int round = 0; round < 3; round++) {
      for (Node node : nodes.values()) {
        node.freshness.wanted(true);
        node.freshness.applied(index, true);
        node.ask(leader);
      }
    }
    return leader;
  }

  /** The leader commits and applies an entry, as its own readers do. */
  CompletableFuture<Long> commit(Node leader, long index) {
    return commit(leader, index, true);
  }

  CompletableFuture<Long> commit(Node leader, long index, boolean isPublic) {
    leader.releases.applied(index, isPublic);
    CompletableFuture<Long> released = leader.releases.whenReleased(index);
    leader.freshness.applied(index, isPublic);
    leader.exchange(leader);
    return released;
  }
}
