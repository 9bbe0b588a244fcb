package io.pandofs.common;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

final class LimitedLogTest {

  /** Keeps what it is told. */
  private static final class Lines extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1;
    private final transient List<String> all = new ArrayList<>();

    @Override
    protected void handleNormalizedLoggingCall(
        Level level,
        @Nullable Marker marker,
        String pattern,
        Object @Nullable [] arguments,
        @Nullable Throwable failure) {
      all.add(MessageFormatter.basicArrayFormat(pattern, arguments));
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
      return null;
    }

    @Override
    public boolean isTraceEnabled() {
      return true;
    }

    @Override
    public boolean isDebugEnabled() {
      return true;
    }

    @Override
    public boolean isInfoEnabled() {
      return true;
    }

    @Override
    public boolean isWarnEnabled() {
      return true;
    }

    @Override
    public boolean isErrorEnabled() {
      return true;
    }
  }

  private long nanos;
  private final Lines lines = new Lines();

  private final Clock clock =
      new Clock() {
        @Override
        public Timestamp now() {
          return new Timestamp(0, 0);
        }

        @Override
        public long nanoTime() {
          return nanos;
        }
      };

  private void after(Duration time) {
    nanos += time.toNanos();
  }

  @Test
  void aFloodLeavesAFewLinesAndItsSize() {
    LimitedLog log = new LimitedLog(lines, clock);
    for (int i = 0; i < 1000; i++) {
      log.warn("refused");
    }
    assertThat(lines.all).hasSize(5).containsOnly("refused");
    after(Duration.ofSeconds(30));
    log.warn("refused again");
    assertThat(lines.all)
        .hasSize(7)
        .endsWith("995 more lines of this kind in the last 30 s were left out", "refused again");
  }

  @Test
  void linesNowAndThenAreAllThere() {
    LimitedLog log = new LimitedLog(lines, clock);
    for (int i = 0; i < 20; i++) {
      log.warn("now and then");
      after(Duration.ofSeconds(3));
    }
    assertThat(lines.all).hasSize(20);
  }
}
