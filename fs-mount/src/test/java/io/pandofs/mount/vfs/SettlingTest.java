package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long a call waits for its data. The clock moves at each look. */
@Timeout(30)
class SettlingTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration STEP = Duration.ofSeconds(6);

  private final TestClock clock = new TestClock();
  private final CompletableFuture<Void> first = new CompletableFuture<>();
  private final CompletableFuture<Void> second = new CompletableFuture<>();
  private final CompletableFuture<Void> third = new CompletableFuture<>();
  private int looks;

  private void await(Supplier<Errno> look, List<CompletableFuture<Void>> batches) throws Exception {
    new Settling(clock, PATIENCE, look).await(batches);
  }

  private Errno step() {
    looks++;
    clock.pass(STEP);
    return Errno.OK;
  }

  @Test
  void thePatienceEndsWhenNothingSettles() {
    assertFails(Errno.EIO, () -> await(this::step, List.of(first, second)));
    assertThat(looks).isEqualTo(2);
  }

  @Test
  void eachBatchThatSettlesBeginsItAnew() throws Exception {
    await(
        () -> {
          step();
          // In no order: several files are waited for at once.
          CompletableFuture<Void> settles = looks == 1 ? third : looks == 2 ? second : first;
          settles.complete(null);
          return Errno.OK;
        },
        List.of(first, second, third));
    assertThat(looks).isEqualTo(3);
  }

  @Test
  void aRefusalEndsTheWaitAtOnce() {
    assertFails(
        Errno.EROFS,
        () -> await(() -> ++looks == 2 ? Errno.EROFS : Errno.OK, List.of(first, second)));
    assertThat(looks).isEqualTo(2);
  }

  @Test
  void whatIsSettledIsNotWaitedFor() throws Exception {
    first.complete(null);
    await(() -> Errno.EIO, List.of(first));
    await(() -> Errno.EIO, List.of());
  }
}
