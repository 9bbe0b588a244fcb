package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ReadBarrierTest {
  private final List<CompletableFuture<Long>> questions = new ArrayList<>();
  private final ReadBarrier barrier =
      new ReadBarrier(
          () -> {
            CompletableFuture<Long> question = new CompletableFuture<>();
            questions.add(question);
            return question;
          });

  @Test
  void whoComesDuringAQuestionGetsTheAnswerToTheNext() {
    CompletableFuture<Long> first = barrier.readIndex();
    CompletableFuture<Long> second = barrier.readIndex();
    CompletableFuture<Long> third = barrier.readIndex();
    assertThat(questions).hasSize(1);
    questions.get(0).complete(10L);
    assertThat(first).isCompletedWithValue(10L);
    assertThat(second).isNotDone();
    assertThat(questions).hasSize(2);
    questions.get(1).complete(20L);
    assertThat(second).isCompletedWithValue(20L);
    assertThat(third).isCompletedWithValue(20L);
  }

  @Test
  void aFailureDoesNotStopThoseWhoComeAfter() {
    CompletableFuture<Long> first = barrier.readIndex();
    CompletableFuture<Long> second = barrier.readIndex();
    questions.get(0).completeExceptionally(new NoLeaderException("none"));
    assertThat(first).isCompletedExceptionally();
    questions.get(1).completeExceptionally(new NoLeaderException("none"));
    assertThat(second).isCompletedExceptionally();
    CompletableFuture<Long> third = barrier.readIndex();
    questions.get(2).complete(30L);
    assertThat(third).isCompletedWithValue(30L);
  }
}
