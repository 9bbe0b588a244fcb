package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a leader's disk counts as hanging. */
class LogStallTest {
  private final HandClock clock = new HandClock();
  private final List<Long> told = new ArrayList<>();
  private boolean leads = true;
  private long synced = 10;
  private long last = 12;

  private final LogStall stall =
      new LogStall(
          new LogStall.Log() {
            @Override
            public boolean leads() {
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
          told::add);

  private void lookFor(Duration time) {
    for (long i = 0; i < time.toSeconds(); i++) {
      stall.look();
      clock.pass(Duration.ofSeconds(1).toNanos());
    }
    stall.look();
  }

  @Test
  void aLogThatStandsStillIsHandedOverOnceInAWhile() {
    lookFor(LogStall.PATIENCE);
    assertThat(told).isEmpty();
    lookFor(Duration.ofSeconds(1));
    assertThat(told).containsExactly(10L);
    lookFor(LogStall.PATIENCE.plusSeconds(1));
    assertThat(told).containsExactly(10L, 10L);
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
    last = synced + 1;
    lookFor(LogStall.PATIENCE);
    assertThat(told).isEmpty();
  }

  @Test
  void aFollowersDiskIsItsOwnAffair() {
    leads = false;
    lookFor(LogStall.PATIENCE.multipliedBy(3));
    leads = true;
    lookFor(LogStall.PATIENCE);
    assertThat(told).isEmpty();
  }
}
