package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class QuorumProofTest {
  private final HandClock clock = new HandClock();
  private final Deque<CompletableFuture<Void>> questions = new ArrayDeque<>();
  private int regained;
  private final QuorumProof proof =
      new QuorumProof(
          clock,
          100,
          () -> {
            questions.add(new CompletableFuture<>());
            return questions.getLast();
          },
          () -> regained++);

  @Test
  void nothingIsProvenAtTheStartNorByAFailure() {
    assertThat(proof.isFresh()).isFalse();
    proof.ask();
    questions.remove().completeExceptionally(new IOException("no majority"));
    assertThat(proof.isFresh()).isFalse();
    assertThat(regained).isZero();
  }

  @Test
  void aProofCountsFromWhenItWasAskedForAndNoLonger() {
    proof.ask();
    clock.nanos += 60;
    questions.remove().complete(null);
    assertThat(proof.isFresh()).isTrue();
    clock.nanos += 40;
    assertThat(proof.isFresh()).isTrue();
    clock.nanos += 1;
    assertThat(proof.isFresh()).isFalse();
  }

  @Test
  void timersStartAnewWhenTheMajorityComesBackAndOnlyThen() {
    for (int i = 0; i < 3; i++) {
      proof.ask();
      questions.remove().complete(null);
      clock.nanos += 90;
    }
    assertThat(regained).isEqualTo(1);
    proof.ask();
    proof.ask();
    assertThat(questions).as("one question at a time").hasSize(1);
    clock.nanos += 500;
    questions.remove().completeExceptionally(new IOException("cut off"));
    proof.ask();
    questions.remove().complete(null);
    assertThat(regained).isEqualTo(2);
    assertThat(proof.isFresh()).isTrue();
  }
}
