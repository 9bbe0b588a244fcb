package io.pandofs.tests.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tests.agent.LocalDirectories;
import io.pandofs.tests.cluster.Commands;
import io.pandofs.tests.cluster.DevCluster;
import io.pandofs.tests.coherence.CoherenceChecker;
import io.pandofs.tests.coherence.Report;
import io.pandofs.tests.fuzz.Fuzzer;
import io.pandofs.tests.pause.PauseMeter;
import io.pandofs.tests.pause.PauseReport;
import io.pandofs.tests.programs.Programs;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A share of what is run at length by {@code tests/fuzz} and {@code tests/coherence}, with either
 * transport; the system properties {@code pando.fuzz.seeds} and {@code pando.coherence.rounds} make
 * it longer. Only agent processes touch the mounts.
 */
@Tag("fuse")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(900)
abstract class OneTree {
  private static final Duration STATS = Duration.ofSeconds(60);

  private final String transport;
  private final boolean held;

  @SuppressWarnings("NullAway.Init")
  private DevCluster cluster;

  /**
   * @param transport as configurations name it
   * @param held whether descriptors that were opened before show what other mounts do, too
   */
  OneTree(String transport, boolean held) {
    this.transport = transport;
    this.held = held;
  }

  @BeforeAll
  final void up() throws IOException, InterruptedException {
    cluster = DevCluster.up(3, transport);
  }

  @AfterAll
  final void down() throws IOException {
    cluster.close();
  }

  @Test
  void threeMountsTogetherAnswerAsExt4Does() {
    try (Fuzzer fuzzer = Fuzzer.of(mounts(), LocalDirectories.reference(), transport)) {
      for (long seed = 1; seed <= Integer.getInteger("pando.fuzz.seeds", 4); seed++) {
        assertThat(fuzzer.run(seed, 250)).as("seed %d", seed).isEmpty();
      }
    }
  }

  @Test
  void nothingIsStaleOnAnotherMount() {
    try (CoherenceChecker checker =
        CoherenceChecker.of(mounts(), LocalDirectories.reference(), held)) {
      Report report = checker.run(1, Integer.getInteger("pando.coherence.rounds", 100));
      assertThat(report.stale()).as(report.toString()).isEmpty();
    }
  }

  /** Acts on a follower's mount and looks at another. */
  @Test
  @Tag("full")
  void thePosixSuiteFindsWhatIsListedAndNothingElse() throws IOException, InterruptedException {
    ScriptSuite.open(cluster.directory());
    int leader = cluster.leader();
    Path acts = cluster.mount(leader % 3 + 1);
    Path looks = cluster.mount((leader + 1) % 3 + 1);
    ScriptSuite.POSIX.run(acts, looks, transport);
  }

  @Test
  @Tag("full")
  void thePosixSuiteFindsNothingElseOnOneMountAlone() throws IOException, InterruptedException {
    ScriptSuite.open(cluster.directory());
    Path leaders = cluster.mount(cluster.leader());
    ScriptSuite.POSIX.run(leaders, leaders, transport);
  }

  /** Programs that are not installed are not tried. */
  @Test
  @Tag("full")
  @Timeout(3000)
  void programsOfTheDistributionWork() throws IOException, InterruptedException {
    ScriptSuite.open(cluster.directory());
    int leader = cluster.leader();
    ScriptSuite.TOOLS.run(cluster.mount(leader), cluster.mount(leader % 3 + 1), transport);
  }

  @Test
  void programsLeaveTheSameOnAllMounts(@TempDir Path local) throws IOException {
    Path source = Files.createDirectories(local.resolve("source"));
    for (int i = 0; i < 40; i++) {
      Files.writeString(
          Files.createDirectories(source.resolve("d" + i % 5)).resolve("f" + i),
          ("line " + i + "\n").repeat(i * 50));
    }
    Programs programs = new Programs(local.resolve("scratch"), source, Duration.ofMinutes(3));
    assertThat(programs.run(cluster.mount(1), mounts().subList(1, 3), "programs")).isEmpty();
  }

  @Test
  void whatWasSyncedIsOnAllMountsAtOnce() throws InterruptedException {
    PauseReport report;
    try (PauseMeter meter = PauseMeter.start(cluster.mount(2).resolve("meter"))) {
      report = meter.stop();
    }
    assertThat(report.errors()).isEmpty();
    for (Path mount : mounts()) {
      assertThat(PauseMeter.faults(mount.resolve("meter"), report)).as("%s", mount).isEmpty();
    }
  }

  /**
   * Of what another mount has made. A view for which the leader was asked is counted; while the
   * node was fresh there is none.
   */
  @Test
  void warmStatsAskNoOtherNode() throws IOException, InterruptedException {
    int follower = cluster.leader() % 3 + 1;
    Path file = cluster.mount(follower).resolve("warm");
    Path made = cluster.mount(cluster.leader()).resolve("warm");
    Commands.bash(STATS, "echo warm > \"$1\" && stat \"$2\"", made, file).ok();
    JsonObject before;
    JsonObject after;
    do {
      before = reads(follower);
      String stats = "import os, sys\nfor _ in range(1000): os.lstat(sys.argv[1])";
      Commands.run(STATS, "python3", "-c", stats, file.toString()).ok();
      after = reads(follower);
    } while (after.number("leases_lost") > before.number("leases_lost"));
    assertThat(after.number("local") - before.number("local")).isGreaterThanOrEqualTo(1000);
    assertThat(after.number("asked")).as("views asked for").isEqualTo(before.number("asked"));
  }

  private JsonObject reads(int node) throws IOException, InterruptedException {
    return cluster.status().objects("nodes").get(node - 1).object("status").object("reads");
  }

  /** Of three nodes. */
  final List<Path> mounts() {
    return List.of(cluster.mount(1), cluster.mount(2), cluster.mount(3));
  }
}
