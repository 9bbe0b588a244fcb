package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LifeSignTest {
  private final HandClock clock = new HandClock();
  private final LifeSign sign = new LifeSign(clock, 100);

  @Test
  void livesFromItsFirstRenewalToItsDeadline() {
    assertThat(sign.surelyLives()).as("nothing heard").isFalse();
    long sent = clock.nanos;
    clock.pass(40);
    sign.answered(sent, true);
    clock.pass(59);
    assertThat(sign.surelyLives()).isTrue();
    clock.pass(1);
    assertThat(sign.surelyLives()).isFalse();
    sign.answered(clock.nanos, true);
    assertThat(sign.surelyLives()).isTrue();
  }

  /** Cut off, expired, and back: the answer must not bring to life what it says is gone. */
  @Test
  void anAnswerThatItIsNotKnownCountsAtOnce() {
    sign.answered(clock.nanos, true);
    clock.pass(10);
    long late = clock.nanos;
    clock.pass(10);
    sign.answered(clock.nanos, false);
    assertThat(sign.surelyLives()).isFalse();
    sign.answered(late, true);
    assertThat(sign.surelyLives()).as("by an answer to an earlier question").isFalse();
    sign.answered(clock.nanos, true);
    assertThat(sign.surelyLives()).as("by an answer to a question of that time").isFalse();
    clock.pass(10);
    sign.answered(clock.nanos, true);
    assertThat(sign.surelyLives()).as("the leader that was to expire it did not").isTrue();
  }

  @Test
  void whatHasEndedNeverLivesAgain() {
    sign.answered(clock.nanos, true);
    sign.over();
    clock.pass(10);
    sign.answered(clock.nanos, true);
    assertThat(sign.surelyLives()).isFalse();
  }
}
