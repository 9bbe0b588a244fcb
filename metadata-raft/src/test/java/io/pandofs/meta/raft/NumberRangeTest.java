package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.Waits;
import io.pandofs.meta.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class NumberRangeTest {
  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aRefusalThatIsThereAtOnceIsAnErrorAndNoEndlessLoop() {
    NumberRange numbers =
        new NumberRange(8, () -> CompletableFuture.completedFuture(Reply.failed(Errno.EIO)));
    assertThatThrownBy(numbers::next)
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO));
  }

  @Test
  void moreAreAskedForInTimeAndNoneIsGivenTwice() throws Exception {
    List<CompletableFuture<Reply>> asked = new ArrayList<>();
    NumberRange numbers =
        new NumberRange(
            4,
            () -> {
              CompletableFuture<Reply> answer = new CompletableFuture<>();
              asked.add(answer);
              return answer;
            });
    CompletableFuture<Long> first =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return numbers.next();
              } catch (ErrnoException e) {
                throw new AssertionError(e);
              }
            });
    await().until(() -> asked.size() == 1);
    asked.get(0).complete(new Reply(Errno.OK, null, 100));
    Set<Long> given = new HashSet<>();
    given.add(first.get(10, TimeUnit.SECONDS));
    given.add(numbers.next());
    given.add(numbers.next());
    assertThat(asked).hasSize(2);
    asked.get(1).complete(new Reply(Errno.OK, null, 200));
    given.add(numbers.next());
    given.add(numbers.next());
    assertThat(given).containsExactlyInAnyOrder(100L, 101L, 102L, 103L, 200L);
  }

  /** A batch that has data of others would fail for want of a number, and be lost. */
  @Test
  void whoWaitsForNumbersIsNotGivenUp() throws Exception {
    CompletableFuture<Reply> asked = new CompletableFuture<>();
    NumberRange numbers = new NumberRange(4, () -> asked);
    CompletableFuture<Long> number = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                number.complete(numbers.next());
              } catch (ErrnoException | RuntimeException e) {
                number.completeExceptionally(e);
              }
            });
    caller.start();
    await().until(() -> caller.getState() == Thread.State.WAITING);
    Waits.giveUp(caller);
    await().during(Duration.ofMillis(200)).until(() -> !number.isDone());
    asked.complete(new Reply(Errno.OK, null, 100));
    assertThat(number.get(10, TimeUnit.SECONDS)).isEqualTo(100);
    Waits.finished(caller);
  }
}
