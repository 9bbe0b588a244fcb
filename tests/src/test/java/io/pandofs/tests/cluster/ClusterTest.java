package io.pandofs.tests.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three nodes, their mounts, and what may happen to them. The tests share one cluster, in order, as
 * a cluster in use goes through one thing after another; each leaves it whole.
 */
@Tag("fuse")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class ClusterTest {
  private static final Duration LONG = Duration.ofSeconds(150);
  private static final Duration SHORT = Duration.ofSeconds(60);

  /** A tree of a few hundred files that every machine with a C library has. */
  private static final Path TREE = Path.of("/usr/include/asm-generic");

  /** A log so short that who is away for a moment finds its next entry gone. */
  private static final String SMALL_LOG =
      """
      [log]
      checkpoint_entries = 10
      keep_entries = 0
      segment_bytes = "1MiB"
      """;

  /** What a node says of a checkpoint that the leader has sent. */
  private static final String INSTALLED = "goes on from installed checkpoint";

  private static DevCluster cluster;

  @BeforeAll
  static void up() throws IOException, InterruptedException {
    cluster = DevCluster.up(3);
  }

  @AfterAll
  static void down() throws IOException {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  @Order(1)
  void whatOneMountCopiesTheOthersHaveAtOnce() throws IOException, InterruptedException {
    Commands.bash(LONG, "cp -a \"$1\" \"$2/tree\"", TREE, mount(1)).ok();
    sameOn(1, "tree");
    sameOn(2, "tree");
    sameOn(3, "tree");
  }

  @Test
  @Order(2)
  void twoNodesOnOneDataDirectory() throws IOException, InterruptedException {
    Commands.Result second =
        Commands.run(
            SHORT,
            DevCluster.launcher().toString(),
            "node",
            "--config",
            cluster.directory().resolve("n1/pando.toml").toString());
    assertThat(second.code()).isEqualTo(1);
    assertThat(second.err()).contains("is in use by another process");
    sameOn(1, "tree");
  }

  /** The leader's node knows how long a round of the log takes, the others say why they do not. */
  @Test
  @Order(2)
  void aMountIsMeasured(@TempDir Path local) throws IOException, InterruptedException {
    int leader = leader();
    for (int node : new int[] {leader, leader % 3 + 1}) {
      String table =
          Commands.run(
                  SHORT,
                  DevCluster.launcher().toString(),
                  "bench",
                  mount(node).toString(),
                  "--config",
                  cluster.config(node).toString(),
                  "--local",
                  local.toString(),
                  "--size-mib=4",
                  "--files=20",
                  "--threads=2",
                  "--seconds=1")
              .ok();
      assertThat(table).contains("rename", "unlink", "local: " + local);
      if (node == leader) {
        assertThat(table).containsPattern("a round of the log \\([0-9.]+ [um]s\\)");
      } else {
        assertThat(table).contains("This node does not lead");
      }
      assertThat(Commands.bash(SHORT, "ls \"$1\"", mount(node)).ok()).doesNotContain("pando-bench");
    }
  }

  @Test
  @Order(3)
  void theLeaderIsKilledUnderACopy() throws IOException, InterruptedException {
    int leader = leader();
    int writer = leader % 3 + 1;
    Commands.Running copy =
        Commands.startBash(
            LONG,
            "for i in 1 2 3; do cp -a \"$1\" \"$2/killed$i\" || exit; done",
            TREE,
            mount(writer));
    // In the middle of it: the second copy has begun.
    Awaitility.await()
        .atMost(LONG)
        .until(() -> !copy.isAlive() || exists(mount(writer).resolve("killed2")));
    assertThat(copy.isAlive()).as("the copy was over before the leader was killed").isTrue();
    cluster.kill(leader);
    // Its own mount fails at once, and is there again by the start alone.
    Commands.Result onItself = Commands.bash(SHORT, "ls \"$1\"", mount(leader));
    assertThat(onItself.err())
        .containsAnyOf("endpoint is not connected", "caused connection abort");
    copy.await().ok();
    assertThat(leader()).isNotEqualTo(leader);
    cluster.start(leader);
    for (int node = 1; node <= 3; node++) {
      for (int i = 1; i <= 3; i++) {
        sameOn(node, "killed" + i);
      }
    }
  }

  @Test
  @Order(4)
  void theLeaderIsKilledUnderVerifiedWrites() throws IOException, InterruptedException {
    verifiedWrites("8M", LONG);
  }

  @Test
  @Order(10)
  @Tag("full")
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void theLeaderIsKilledUnderLongVerifiedWrites() throws IOException, InterruptedException {
    verifiedWrites("64M", Duration.ofMinutes(20));
  }

  @Test
  @Order(11)
  @Tag("full")
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void aFileOfFiveGibibytesSparseInPart() throws IOException, InterruptedException {
    // 256 MiB of data in the front, a hole, and 1 MiB that ends at 5 GiB.
    String make =
        "openssl enc -aes-128-ctr -nosalt -pass pass:7 -in /dev/zero 2>/dev/null"
            + " | head -c 268435456 > \"$1/large\" && truncate -s 5367660544 \"$1/large\""
            + " && head -c 1048576 /dev/urandom >> \"$1/large\" && sync \"$1/large\""
            + " && stat -c %s \"$1/large\"";
    assertThat(Commands.bash(Duration.ofMinutes(15), make, mount(1)).ok())
        .isEqualTo((5L << 30) + "\n");
    String same = "cmp \"$1/large\" \"$2/large\" && [ $(stat -c %b \"$2/large\") -lt 600000 ]";
    Commands.bash(Duration.ofMinutes(15), same, mount(2), mount(3)).ok();
  }

  private static void verifiedWrites(String size, Duration limit)
      throws IOException, InterruptedException {
    int leader = leader();
    int writer = leader % 3 + 1;
    Path file = mount(writer).resolve("verified");
    Commands.Running fio =
        Commands.startBash(
            limit,
            "fio --name=v --filename=\"$1\" --rw=randrw --bs=4k --size=$2 --verify=crc32c"
                + " --verify_fatal=1 --fsync=16 --ioengine=psync --randseed=7 --output-format=json",
            file,
            size);
    Awaitility.await().atMost(LONG).until(() -> !fio.isAlive() || exists(file));
    cluster.kill(leader);
    cluster.start(leader);
    Commands.Result result = fio.await();
    assertThat(result.code()).as(result.out() + result.err()).isZero();
    System.out.println(
        "longest call under the kill of the leader: " + longestMillis(result.out()) + " ms");
    Commands.Result sums =
        Commands.bash(
            SHORT,
            "sha256sum < \"$1/verified\"; sha256sum < \"$2/verified\"; sha256sum < \"$3/verified\"",
            mount(1),
            mount(2),
            mount(3));
    assertThat(List.of(sums.ok().split("\n")).stream().distinct()).hasSize(1);
  }

  @Test
  @Order(5)
  void allAreKilledAtOnceAfterSync() throws IOException, InterruptedException {
    Commands.bash(
            LONG,
            "head -c 3000000 /dev/urandom > \"$1/big\" && sha256sum < \"$1/big\" > \"$1/sum\""
                + " && sync \"$1/big\" \"$1/sum\"",
            mount(2))
        .ok();
    Commands.bash(
            SHORT,
            "for n in 1 2 3; do \"$1\" dev kill $n --dir \"$2\" & done; wait",
            DevCluster.launcher(),
            cluster.directory())
        .ok();
    cluster.up();
    for (int node = 1; node <= 3; node++) {
      sameOn(node, "tree");
      Commands.bash(SHORT, "[ \"$(sha256sum < \"$1/big\")\" = \"$(cat \"$1/sum\")\" ]", mount(node))
          .ok();
    }
    hashesAreEqual();
  }

  @Test
  @Order(6)
  void aPausedNodeCatchesUp() throws IOException, InterruptedException {
    int paused = leader() % 3 + 1;
    int writer = leader();
    cluster.pause(paused);
    Commands.bash(SHORT, "echo while you slept > \"$1/slept\"", mount(writer)).ok();
    assertThat(cluster.dev(SHORT, "status", "--json").code()).isEqualTo(3);
    cluster.resume(paused);
    assertThat(Commands.bash(SHORT, "cat \"$1/slept\"", mount(paused)).ok())
        .isEqualTo("while you slept\n");
  }

  @Test
  @Order(7)
  void downUnmountsAndUpGoesOn() throws IOException, InterruptedException {
    Commands.bash(SHORT, "echo unsynced > \"$1/last\"", mount(3)).ok();
    cluster.dev(LONG, "down").ok();
    assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
        .doesNotContain(cluster.directory().toString());
    for (int node = 1; node <= 3; node++) {
      assertThat(Files.readString(cluster.log(node))).endsWith("stopped\n");
    }
    cluster.configure(SMALL_LOG);
    cluster.up();
    assertThat(Commands.bash(SHORT, "cat \"$1/last\"", mount(1)).ok()).isEqualTo("unsynced\n");
    assertThat(cluster.dev(SHORT, "status").code()).isIn(0, 3);
  }

  /** The others have shortened their logs meanwhile: a checkpoint is what is left for it. */
  @Test
  @Order(8)
  void aBackupThatWasAwayGoesOnFromACheckpoint() throws IOException, InterruptedException {
    int backup = leader() % 3 + 1;
    int writer = backup % 3 + 1;
    cluster.kill(backup);
    Files.delete(cluster.log(backup));
    Commands.bash(
            LONG,
            "mkdir \"$1/away\" && target=$(printf %04000d 7)"
                + " && for i in $(seq 1200); do ln -s $target \"$1/away/$i\" || exit; done"
                + " && cp -a \"$2\" \"$1/killed4\"",
            mount(writer),
            TREE)
        .ok();
    cluster.start(backup);
    assertThat(Files.readString(cluster.log(backup))).contains(INSTALLED);
    assertThat(Commands.bash(SHORT, "ls \"$1/away\" | wc -l", mount(backup)).ok())
        .isEqualTo("1200\n");
    sameOn(backup, "killed4");
    hashesAreEqual();
  }

  @Test
  @Order(9)
  void anEmptiedNodeComesBackAsAnother() throws IOException, InterruptedException {
    String before = id(1);
    cluster.kill(1);
    Files.delete(cluster.log(1));
    Commands.bash(SHORT, "rm -rf \"$1\"", cluster.data(1)).ok();
    cluster.start(1);
    assertThat(id(1)).isNotEqualTo(before);
    assertThat(Files.readString(cluster.log(1))).contains(INSTALLED);
    sameOn(1, "tree");
    Commands.bash(SHORT, "[ \"$(sha256sum < \"$1/big\")\" = \"$(cat \"$1/sum\")\" ]", mount(1))
        .ok();
    hashesAreEqual();
    Awaitility.await()
        .atMost(LONG)
        .until(() -> node(1).object("blocks").number("need_blocks") == 0);
    // The others keep for a while what was overwritten; the new one never had it.
    Awaitility.await()
        .atMost(LONG)
        .untilAsserted(() -> assertThat(storedBytes(1)).isEqualTo(storedBytes(2)));
  }

  private static Path mount(int node) {
    return cluster.mount(node);
  }

  private static void sameOn(int node, String name) throws IOException, InterruptedException {
    Commands.bash(LONG, "diff -r \"$1\" \"$2\"", TREE, mount(node).resolve(name)).ok();
  }

  private static boolean exists(Path path) throws IOException, InterruptedException {
    return Commands.bash(SHORT, "[ -e \"$1\" ]", path).code() == 0;
  }

  /** The leader, once there is one. */
  private static int leader() {
    return Awaitility.await().atMost(SHORT).until(() -> cluster.leader(), leader -> leader > 0);
  }

  private static JsonObject node(int number) throws IOException, InterruptedException {
    return cluster.status().objects("nodes").get(number - 1).object("status");
  }

  private static long storedBytes(int number) throws IOException, InterruptedException {
    return node(number).object("blocks").number("stored_bytes");
  }

  private static String id(int number) throws IOException, InterruptedException {
    return node(number).text("id");
  }

  private static void hashesAreEqual() throws IOException, InterruptedException {
    JsonObject tables = cluster.statusWithHashes().object("tables");
    assertThat(tables.flag("equal")).as("%s", tables.values()).isTrue();
    assertThat(tables.object("hashes").values()).hasSize(3);
  }

  /** The longest read, write or fsync that fio saw. */
  private static long longestMillis(String json) {
    JsonObject job =
        JsonReader.readObject(json.substring(json.indexOf('{'))).objects("jobs").get(0);
    long nanos =
        Math.max(
            job.object("sync").object("lat_ns").number("max"),
            Math.max(
                job.object("write").object("clat_ns").number("max"),
                job.object("read").object("clat_ns").number("max")));
    return nanos / 1_000_000;
  }
}
