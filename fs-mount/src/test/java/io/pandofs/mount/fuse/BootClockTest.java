package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** That a machine was suspended is seen in one place only: the time since it was booted. */
class BootClockTest {
  private static final long SUSPENDED_SECONDS = 1_000_000;

  /** Prints by how many seconds the clock and the kernel's word differ. */
  public static final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
      String uptime = Files.readString(Path.of("/proc/uptime"), StandardCharsets.US_ASCII);
      double told = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
      double seconds = new BootClock().nanoTime() / 1e9;
      System.out.println(Math.round(Math.abs(seconds - told)) + " of " + Math.round(told));
    }
  }

  /** A time namespace looks as if the machine had been suspended for long. */
  @Test
  void timeInWhichTheMachineIsSuspendedCounts() throws Exception {
    Process process =
        new ProcessBuilder(
                "unshare",
                "--map-root-user",
                "--time",
                "--boottime",
                Long.toString(SUSPENDED_SECONDS),
                "--fork",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName())
            .redirectErrorStream(true)
            .start();
    String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(told).matches("[0-5] of [0-9]+\\s*");
    assertThat(Long.parseLong(told.strip().substring(told.lastIndexOf(' ') + 1)))
        .isGreaterThan(SUSPENDED_SECONDS);
  }

  @Test
  void itTellsPartsOfASecondAndNeverGoesBack() {
    BootClock clock = new BootClock();
    long[] looks = LongStream.generate(clock::nanoTime).limit(1000).toArray();
    assertThat(looks).isSorted();
    assertThat(Arrays.stream(looks).map(each -> each % 1_000_000).distinct().count())
        .isGreaterThan(100);
  }
}
