package io.pandofs.common.config;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations and sizes as people write them: {@code 300ms}, {@code 30s}, {@code 64MiB}. */
public final class Units {
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|min|h|d)");
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})(KiB|MiB|GiB)");
  private static final int KIB_SHIFT = 10;
  private static final int MIB_SHIFT = 20;
  private static final int GIB_SHIFT = 30;

  private Units() {}

  /** The duration that this text means; empty when it means none. */
  public static Optional<Duration> duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long number = Long.parseLong(matcher.group(1));
    return Optional.of(
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(number);
          case "s" -> Duration.ofSeconds(number);
          case "min" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          default -> Duration.ofDays(number);
        });
  }

  /** The number of bytes. */
  static Optional<Long> size(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long number = Long.parseLong(matcher.group(1));
    return Optional.of(
        switch (matcher.group(2)) {
          case "KiB" -> number << KIB_SHIFT;
          case "MiB" -> number << MIB_SHIFT;
          default -> number << GIB_SHIFT;
        });
  }
}
