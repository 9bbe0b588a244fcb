package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a disk counts as hanging, and what is done about it. */
class LogStallTest {
  private final HandClock clock = new HandClock();
  private final List<String> told = new ArrayList<>();
  private final HandLog log = new HandLog();

  private final LogStall stall =
      new LogStall(
          log,
          clock,
          new LogStall.Remedy() {
            @Override
            public void handOver(long synced) {
              told.add("hand over at " + synced);
            }

            @Override
            public void stepDown(long synced) {
              told.add("step down at " + synced);
            }

            @Override
            public void over() {
              told.add("over");
            }
          });

  @BeforeEach
  void waitForTheDisk() {
    log.synced = 10;
    log.last = 12;
  }

  private void lookFor(Duration time) {
    for (long i = 0; i < time.toSeconds(); i++) {
      stall.look();
      clock.pass(Duration.ofSeconds(1).toNanos());
    }
    stall.look();
  }

  @Test
  void aLogThatStandsStillIsHandedOverAndThenLedNoMore() {
    lookFor(LogStall.PATIENCE);
    assertThat(told).isEmpty();
    lookFor(Duration.ofSeconds(1));
    assertThat(told).containsExactly("hand over at 10");
    lookFor(LogStall.PATIENCE.plusSeconds(1));
    assertThat(told).containsExactly("hand over at 10", "step down at 10");
    log.leads = false;
    lookFor(LogStall.PATIENCE.multipliedBy(2));
    log.synced++;
    lookFor(LogStall.PATIENCE);
    assertThat(told).containsExactly("hand over at 10", "step down at 10", "over");
  }

  @Test
  void eachPlaceIsHandedOverFirst() {
    lookFor(LogStall.PATIENCE.plusSeconds(1));
    log.synced++;
    lookFor(LogStall.PATIENCE.plusSeconds(1));
    assertThat(told).containsExactly("hand over at 10", "hand over at 11");
  }

  @Test
  void aSlowDiskIsNone() {
    for (int i = 0; i < 20; i++) {
      log.synced++;
      log.last = log.synced + 1;
      lookFor(LogStall.PATIENCE);
    }
    assertThat(told).isEmpty();
  }

  @Test
  void norIsALogInWhichNothingIsLeftToSync() {
    log.last = log.synced;
    lookFor(LogStall.PATIENCE.multipliedBy(3));
    assertThat(stall.stands()).isZero();
    log.last = log.synced + 1;
    lookFor(LogStall.PATIENCE);
    assertThat(told).isEmpty();
  }

  @Test
  void aFollowersDiskIsToldOfAndNothingElse() {
    log.leads = false;
    lookFor(LogStall.PATIENCE.multipliedBy(3));
    assertThat(stall.stands()).isEqualTo(LogStall.PATIENCE.multipliedBy(3));
    log.leads = true;
    lookFor(LogStall.PATIENCE);
    assertThat(told).isEmpty();
    log.synced++;
    assertThat(stall.stands()).isZero();
  }
}
