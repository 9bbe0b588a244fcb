package io.pandofs.tests.pause;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PauseMeterTest {
  private final Clock clock = new SystemClock();

  @Test
  void countsFilesAndFindsWhatIsMissingOrWrong(@TempDir Path directory)
      throws IOException, InterruptedException {
    PauseReport report;
    try (PauseMeter meter = PauseMeter.start(directory)) {
      awaitFiles(directory, 20);
      report = meter.stop();
    }
    assertThat(report.acknowledged()).isGreaterThanOrEqualTo(20);
    assertThat(report.errors()).isEmpty();
    assertThat(PauseMeter.faults(directory, report)).isEmpty();

    Files.delete(directory.resolve("w0000003"));
    Files.write(directory.resolve("w0000005"), new byte[4096]);
    assertThat(PauseMeter.faults(directory, report))
        .hasSize(2)
        .anyMatch(f -> f.contains("w0000003 ENOENT"))
        .anyMatch(f -> f.contains("w0000005 wrong bytes"));
  }

  @Test
  void aTimeWithoutWritesIsThePause(@TempDir Path directory)
      throws IOException, InterruptedException {
    try (PauseMeter meter = PauseMeter.start(directory.resolve("files"))) {
      meter.signal("STOP");
      long begin = clock.nanoTime();
      assertThat(
              new ProcessBuilder("python3", "-c", "import fractions, decimal, unittest")
                  .start()
                  .waitFor())
          .isZero();
      Duration stopped = Duration.ofNanos(clock.nanoTime() - begin);
      meter.signal("CONT");
      // The signal arrives a little after it was sent, so not quite all of it.
      assertThat(meter.stop().longest()).isGreaterThan(stopped.multipliedBy(8).dividedBy(10));
    }
  }

  @Test
  void anErrorIsTold(@TempDir Path directory) throws InterruptedException, IOException {
    try (PauseMeter meter = PauseMeter.start(directory)) {
      // Names that are taken: the writer's O_EXCL meets one of them soon.
      for (int n = 100; n < 30_000; n += 100) {
        tryToTake(directory.resolve("w%07d".formatted(n)));
      }
      awaitFiles(directory, 1000);
      PauseReport report = meter.stop();
      assertThat(report.errors()).isNotEmpty().allMatch(e -> e.contains("EEXIST"));
    }
  }

  private static void tryToTake(Path name) throws IOException {
    if (Files.notExists(name)) {
      Files.createDirectories(name);
    }
  }

  private static void awaitFiles(Path directory, int count) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              try (Stream<Path> files = Files.list(directory)) {
                return files.count() > count;
              }
            });
  }
}
