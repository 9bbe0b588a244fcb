package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a disk counts as hanging, and what is done about it. */
class LogStallTest {
  private final HandClock clock = new HandClock();
  private final List<String> told = new ArrayList<>();
  private boolean leads = true;
  private long synced = 10;
  private long last = 12;

  private final LogStall stall =
      new LogStall(
          new LogStall.Log() {
            @Override
            public boolean isLeader() {
              return leads;
            }

            @Override
            public long syncedIndex() {
              return synced;
            }

            @Override
            public long lastIndex() {
              return last;
            }
          },
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
    leads = false;
    lookFor(LogStall.PATIENCE.multipliedBy(2));
    synced++;
    lookFor(LogStall.PATIENCE);
    assertThat(told).containsExactly("hand over at 10", "step down at 10", "over");
  }

  @Test
  void eachPlaceIsHandedOverFirst() {
    lookFor(LogStall.PATIENCE.plusSeconds(1));
    synced++;
    lookFor(LogStall.PATIENCE.plusSeconds(1));
    assertThat(told).containsExactly("hand over at 10", "hand over at 11");
  }

  @Test
  void aSlowDiskIsNone() {
    for (int i = 0; i < 20; i++) {
      synced++;
      last = synced + 1;
      lookFor(LogStall.PATIENCE);
    }
    assertThat(told).isEmpty();
  }

  @Test
  void norIsALogInWhichNothingIsLeftToSync() {
    last = synced;
    lookFor(LogStall.PATIENCE.multipliedBy(3));
    assertThat(stall.stands()).isZero();
    last = synced + 1;
    lookFor(LogStall.PATIENCE);
    assertThat(told).isEmpty();
  }

  @Test
  void aFollowersDiskIsToldOfAndNothingElse() {
    leads = false;
    lookFor(LogStall.PATIENCE.multipliedBy(3));
    assertThat(stall.stands()).isEqualTo(LogStall.PATIENCE.multipliedBy(3));
    leads = true;
    lookFor(LogStall.PATIENCE);
    assertThat(told).isEmpty();
    synced++;
    assertThat(stall.stands()).isZero();
  }
}
