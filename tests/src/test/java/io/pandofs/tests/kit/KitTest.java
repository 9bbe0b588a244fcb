package io.pandofs.tests.kit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tests.cluster.Commands;
import io.pandofs.tests.cluster.DevCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs of the kit. What each found is in its output; a failing one names the directory it kept. */
@Tag("fuse")
final class KitTest {
  private static final int CONVICTED = 1;

  @BeforeAll
  static void fuse() {
    DevCluster.requireFuse();
  }

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void twoMinutesOfKillsPausesAndPartitions() throws IOException, InterruptedException {
    String out = kit("1", "120", "--faults", "kill,pause,partition").ok();
    assertThat(out)
        .contains("process gone", "process state T", "packets dropped", "nothing convicted")
        .contains("checked register", "checked slots", "checked append", "checked set")
        .contains("checked names", "checked locks", "longest pause of a client");
    out.lines()
        .filter(line -> line.contains("longest pause") || line.contains("pauses on"))
        .forEach(System.out::println);
  }

  @Test
  @Tag("full")
  @Tag("kit")
  @Timeout(value = 90, unit = TimeUnit.MINUTES)
  void halfAnHourOfEverythingButThePower() throws IOException, InterruptedException {
    String seed = String.valueOf(System.nanoTime() % 1_000_000);
    System.out.println("seed " + seed);
    String out = kit(seed, "1800", "--faults", "kill,pause,partition,oneway,bridge,delay").ok();
    out.lines()
        .filter(line -> line.contains("pauses on") || line.contains("had changed last"))
        .forEach(System.out::println);
  }

  @Test
  @Tag("full")
  @Tag("kit")
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void fullDisks() throws IOException, InterruptedException {
    kit("1", "3000", "--faults", "diskfull", "--count", "6").ok();
  }

  @Test
  @Tag("full")
  @Tag("kit")
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void tenPowerLossesLoseNothingThatWasSynced() throws IOException, InterruptedException {
    String out = kit("1", "3000", "--faults", "power", "--count", "10").ok();
    assertThat(out).contains("ioctl answered 0 0 0");
  }

  /**
   * The test of the test above: where fsync does nothing it must say so. Either what was synced is
   * gone, or nodes see that themselves by the ends of their logs, refuse to serve, and too few are
   * left.
   */
  @Test
  @Tag("full")
  @Tag("kit")
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void powerLossUnderEatmydataIsConvicted() throws IOException, InterruptedException {
    Commands.Result result =
        kit("1", "600", "--faults", "power", "--count", "2", "--preload", "libeatmydata.so");
    assertThat(result.out())
        .contains("ioctl answered 0 0 0")
        .containsAnyOf("is not linearizable", "CONVICTED not well after power loss");
    assertThat(result.code()).isEqualTo(CONVICTED);
  }

  @Test
  @Tag("full")
  @Tag("kit")
  @Timeout(value = 45, unit = TimeUnit.MINUTES)
  void aCallRetriedOverALongCutTakesEffectOnce() throws IOException, InterruptedException {
    String out = program("longcut").ok();
    assertThat(out).contains("packets dropped", "the checkpoint at", "nothing convicted");
    out.lines().filter(line -> line.contains("before the cut")).forEach(System.out::println);
  }

  @Test
  @Tag("full")
  @Tag("kit")
  @Timeout(value = 100, unit = TimeUnit.MINUTES)
  void fiftyLeaderKillsLoseNothing() throws IOException, InterruptedException {
    String out = program("failover", "50").ok();
    Matcher pauses =
        Pattern.compile("pauses on surviving mounts: median (\\d+) ms, worst (\\d+) ms")
            .matcher(out);
    assertThat(pauses.find()).isTrue();
    System.out.println(pauses.group());
    // One second and two are promised to a machine that does nothing else.
    assertThat(Long.parseLong(pauses.group(1))).as("median").isLessThanOrEqualTo(3_000);
    assertThat(Long.parseLong(pauses.group(2))).as("worst").isLessThanOrEqualTo(10_000);
  }

  /**
   * A leader that hangs, is deaf or mute, or is slow: others take over as they do when it is dead.
   * What a hanging or deaf one still holds for its mount's files nobody else works on here.
   */
  @Test
  @Tag("full")
  @Tag("kit")
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void aLeaderThatDoesNotDieIsTakenOverFromToo() throws IOException, InterruptedException {
    String out = program("failover", "12", "7", "--faults", "pause,oneway,delay").ok();
    assertThat(out).contains("process state T", "packets dropped", "pieces late");
    Matcher pauses =
        Pattern.compile("pauses on surviving mounts: median (\\d+) ms, worst (\\d+) ms")
            .matcher(out);
    assertThat(pauses.find()).isTrue();
    out.lines().filter(line -> line.contains("pauses on")).forEach(System.out::println);
    assertThat(Long.parseLong(pauses.group(2))).as("worst").isLessThanOrEqualTo(20_000);
  }

  private static Commands.Result kit(String... arguments) throws IOException, InterruptedException {
    return program("kit", arguments);
  }

  private static Commands.Result program(String name, String... arguments)
      throws IOException, InterruptedException {
    Path root = Path.of(System.getProperty("pando.root", "..")).toAbsolutePath();
    List<String> command = new ArrayList<>(List.of(root.resolve("tests/" + name).toString()));
    command.addAll(Arrays.asList(arguments));
    // The test's own time limit ends it first; the limit here is for what that cannot interrupt.
    return Commands.start(Duration.ofMinutes(100), command, Map.of()).await();
  }
}
