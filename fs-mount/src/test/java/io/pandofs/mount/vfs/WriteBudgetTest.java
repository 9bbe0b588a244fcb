package io.pandofs.mount.vfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who waits for room gets it in turn, for as long as there is progress. */
@Timeout(30)
class WriteBudgetTest {

  private static final long BYTES_MAX = 10;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final TestClock clock = new TestClock();
  private final AtomicInteger pressed = new AtomicInteger();
  private final WriteBudget budget =
      new WriteBudget(BYTES_MAX, clock, bytes -> pressed.incrementAndGet());

  private FutureTask<Boolean> waitFor(long bytes) {
    FutureTask<Boolean> task =
        new FutureTask<>(
            () -> {
              budget.acquire(bytes, PATIENCE);
              return true;
            });
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
    await().until(() -> thread.getState() == Thread.State.TIMED_WAITING || !thread.isAlive());
    return task;
  }

  @Test
  void nobodyOvertakesWhoWaits() throws Exception {
    budget.adjust(BYTES_MAX);
    FutureTask<Boolean> large = waitFor(8);
    budget.adjust(-4);
    FutureTask<Boolean> small = waitFor(2);
    assertThat(small).isNotDone();
    budget.adjust(-4);
    assertThat(large.get(20, TimeUnit.SECONDS)).isTrue();
    assertThat(small).isNotDone();
    budget.adjust(-8);
    assertThat(small.get(20, TimeUnit.SECONDS)).isTrue();
  }

  /** Of a writer that was in before, and is the only one whose flush can make room. */
  @Test
  void moreToFlushIsSeenByWhoWaits() throws Exception {
    budget.adjust(BYTES_MAX);
    FutureTask<Boolean> writer = waitFor(8);
    assertThat(pressed).hasValue(1);
    budget.adjustUnsealed(BYTES_MAX);
    await().until(() -> pressed.get() == 2);
    budget.adjustUnsealed(-BYTES_MAX);
    budget.adjust(-BYTES_MAX);
    assertThat(writer.get(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whoGivesUpLetsTheNextOneIn() throws Exception {
    budget.adjust(BYTES_MAX);
    FutureTask<Boolean> large = waitFor(8);
    FutureTask<Boolean> small = waitFor(2);
    budget.adjust(-4);
    large.cancel(true);
    assertThat(small.get(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whatIsGivenBackBeginsThePatienceAnew() throws Exception {
    budget.adjust(BYTES_MAX);
    FutureTask<Boolean> writer = waitFor(8);
    for (int i = 0; i < 4; i++) {
      clock.pass(PATIENCE.minusSeconds(1));
      long before = clock.looks();
      budget.adjust(-1);
      await().until(() -> clock.looks() > before);
    }
    budget.adjust(-6);
    assertThat(writer.get(20, TimeUnit.SECONDS)).isTrue();
  }
}
