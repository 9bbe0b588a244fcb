package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** When the log is told how large the disks are. */
final class CapacityReportTest {
  private static final Duration GRACE = Duration.ofMinutes(10);
  private static final Duration MOMENT = Duration.ofSeconds(10);

  private final HandClock clock = new HandClock();
  private final Log log = new Log();
  private long capacity = 4000;
  private final CapacityReport report = new CapacityReport(() -> capacity, log, GRACE, clock);

  /** Remembers all that was told. */
  private static final class Log implements CapacityReport.Told {
    final List<Long> told = new ArrayList<>();
    @Nullable IOException away;

    @Override
    public OptionalLong bytes() {
      return OptionalLong.of(told.isEmpty() ? 0 : told.get(told.size() - 1));
    }

    @Override
    public void tell(long bytes) throws IOException {
      if (away != null) {
        throw away;
      }
      told.add(bytes);
    }
  }

  private void lookAfter(Duration time) {
    clock.advance(time);
    report.look();
  }

  @Test
  void theFirstAndMoreAreToldAtOnce() {
    report.look();
    report.look();
    assertThat(log.told).containsExactly(4000L);
    capacity = 5000;
    report.look();
    assertThat(log.told).containsExactly(4000L, 5000L);
    capacity = 5049;
    report.look();
    assertThat(log.told).hasSize(2);
  }

  @Test
  void aDiskThatIsAwayForAMomentChangesNothing() {
    report.look();
    capacity = 3000;
    report.look();
    lookAfter(GRACE.minus(MOMENT));
    capacity = 4000;
    lookAfter(MOMENT);
    capacity = 3000;
    lookAfter(MOMENT);
    lookAfter(GRACE.minus(MOMENT));
    assertThat(log.told).containsExactly(4000L);
  }

  @Test
  void lessIsToldWhenItHasLasted() {
    report.look();
    capacity = 3000;
    report.look();
    lookAfter(GRACE);
    assertThat(log.told).containsExactly(4000L, 3000L);
  }

  /** Each disk has its own time. */
  @Test
  void aSecondDiskThatFailsAtTheEndCountsOn() {
    report.look();
    capacity = 3000;
    report.look();
    capacity = 2000;
    lookAfter(GRACE);
    assertThat(log.told).containsExactly(4000L, 3000L);
    lookAfter(MOMENT);
    lookAfter(GRACE);
    assertThat(log.told).containsExactly(4000L, 3000L, 2000L);
  }

  @Test
  void whatCouldNotBeToldIsToldLater() {
    report.look();
    capacity = 3000;
    report.look();
    log.away = new IOException("no leader");
    lookAfter(GRACE);
    log.away = null;
    lookAfter(MOMENT);
    assertThat(log.told).containsExactly(4000L, 3000L);
  }
}
