package io.pandofs.meta.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/** Who wishes to hear that a peer still leads: in answers to rounds that it sent after the wish. */
final class LeadershipProofs {
  private final int self;
  private final Predicate<Set<Integer>> isMajority;
  private final List<Proof> open = new ArrayList<>();

  LeadershipProofs(int self, Predicate<Set<Integer>> isMajority) {
    this.self = self;
    this.isMajority = isMajority;
  }

  private final class Proof {
    final CompletableFuture<Void> answer = new CompletableFuture<>();
    final Set<Integer> heard = new HashSet<>(Set.of(self));
    final long round;

    Proof(long round) {
      this.round = round;
    }
  }

  /**
   * @param round the first that counts
   */
  CompletableFuture<Void> ask(long round) {
    Proof proof = new Proof(round);
    if (isMajority.test(proof.heard)) {
      proof.answer.complete(null);
    } else {
      open.add(proof);
    }
    return proof.answer;
  }

  void heard(int number, long round) {
    for (Proof proof : List.copyOf(open)) {
      if (round >= proof.round) {
        proof.heard.add(number);
      }
      if (isMajority.test(proof.heard)) {
        open.remove(proof);
        proof.answer.complete(null);
      }
    }
  }

  /** Forgets them all. */
  List<CompletableFuture<Void>> clear() {
    List<CompletableFuture<Void>> answers = open.stream().map(proof -> proof.answer).toList();
    open.clear();
    return answers;
  }
}
