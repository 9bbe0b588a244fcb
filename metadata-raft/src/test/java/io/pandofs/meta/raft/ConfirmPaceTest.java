package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ConfirmPaceTest {
  private static final Duration LATE = Duration.ofMillis(60);

  private final ConfirmPace pace = new ConfirmPace(LATE.toNanos());
  private long now = 1;
  private long index;

  private void pass(Duration time) {
    now += time.toNanos();
  }

  private void confirmAfter(Duration time) {
    index++;
    pace.expect(index, now);
    pass(time);
    pace.confirmed(index, now);
  }

  /** How long it is barred after being late just now. */
  private Duration barred() {
    long from = now;
    while (!pace.keepsUp(now)) {
      pass(Duration.ofMillis(100));
    }
    return Duration.ofNanos(now - from);
  }

  @Test
  void whoConfirmsInTimeKeepsUp() {
    for (int i = 0; i < 100; i++) {
      confirmAfter(LATE);
      assertThat(pace.keepsUp(now)).isTrue();
    }
  }

  @Test
  void whoIsBehindIsLateBeforeItConfirms() {
    pace.expect(7, now);
    pass(LATE);
    assertThat(pace.keepsUp(now)).isTrue();
    pace.expect(8, now);
    pace.confirmed(6, now);
    pass(Duration.ofNanos(1));
    assertThat(pace.keepsUp(now)).as("counted from the first").isFalse();
  }

  @Test
  void whoIsLateAgainIsBarredForTwiceAsLong() {
    Duration expected = ConfirmPace.BARRED_MIN;
    for (int i = 0; i < 8; i++) {
      confirmAfter(LATE.plusMillis(1));
      assertThat(barred()).isEqualTo(expected);
      Duration twice = expected.multipliedBy(2);
      expected = twice.compareTo(ConfirmPace.BARRED_MAX) < 0 ? twice : ConfirmPace.BARRED_MAX;
    }
    pass(ConfirmPace.BARRED_MAX.multipliedBy(ConfirmPace.FORGOTTEN_AFTER).plusMillis(1));
    confirmAfter(LATE.plusMillis(1));
    assertThat(barred()).as("it had nothing to confirm").isEqualTo(ConfirmPace.BARRED_MAX);
    pass(ConfirmPace.BARRED_MAX.multipliedBy(ConfirmPace.FORGOTTEN_AFTER).plusMillis(1));
    for (int i = 0; i < ConfirmPace.FORGOTTEN_AFTER; i++) {
      confirmAfter(LATE);
    }
    confirmAfter(LATE.plusMillis(1));
    assertThat(barred()).isEqualTo(ConfirmPace.BARRED_MIN);
  }

  /**
   * While it is barred nobody waits for it: that it is late tells no more than that it still is.
   */
  @Test
  void whoGoesOnBeingLateStaysBarred() {
    for (int i = 0; i < 100; i++) {
      confirmAfter(LATE.multipliedBy(2));
      assertThat(pace.keepsUp(now)).isFalse();
    }
    assertThat(barred()).isEqualTo(ConfirmPace.BARRED_MIN);
  }

  @Test
  void whoWantsNoLeaseIsNotTimed() {
    pace.expect(1, now);
    pace.pardon();
    pass(LATE.multipliedBy(9));
    assertThat(pace.keepsUp(now)).isTrue();
    pace.confirmed(1, now);
    assertThat(pace.keepsUp(now)).isTrue();
  }
}
