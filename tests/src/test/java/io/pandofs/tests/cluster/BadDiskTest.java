package io.pandofs.tests.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * One of three nodes, the second, on a disk that fills up, gives errors and changes bits: a loop
 * device of its own, and a library that makes fsync fail. The others go on, nothing acknowledged is
 * lost, and the node comes back as it promised. Needs root, mkfs.ext4 and gcc.
 */
@Tag("fuse")
@Tag("full")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class BadDiskTest {
  private static final Duration SHORT = Duration.ofSeconds(60);
  private static final Duration LONG = Duration.ofSeconds(150);
  private static final int BAD = 2;

  private static DevCluster cluster;
  private static Path shim;
  private static Path trigger;

  @BeforeAll
  static void up() throws IOException, InterruptedException {
    cluster = DevCluster.up(3);
    shim = cluster.directory().resolve("failsync.so");
    trigger = cluster.directory().resolve("fail");
    try (InputStream source = BadDiskTest.class.getResourceAsStream("/faults/failsync.c")) {
      Files.write(cluster.directory().resolve("failsync.c"), source.readAllBytes());
    }
    Commands.bash(
            SHORT,
            "cd \"$1\" && gcc -shared -fPIC -o failsync.so failsync.c -ldl"
                + " && truncate -s 900M disk && mkfs.ext4 -q disk",
            cluster.directory())
        .ok();
    cluster.stop(BAD);
    Commands.bash(
            SHORT,
            "cd \"$1\" && mv n2/data data.old && mkdir n2/data && mount -o loop disk n2/data"
                + " && cp -a data.old/. n2/data/ && sync -f n2/data && rm -r data.old",
            cluster.directory())
        .ok();
    // Files of the log are small, so that a full disk is met soon.
    Files.writeString(
        cluster.directory().resolve("n2").resolve("pando.toml"),
        "\n[log]\nsegment_bytes = \"1MiB\"\n",
        StandardOpenOption.APPEND);
    startBad();
  }

  @AfterAll
  static void down() throws IOException, InterruptedException {
    Commands.bash(SHORT, "rm -f \"$1\"", trigger);
    cluster.dev(LONG, "down");
    Commands.bash(SHORT, "umount -l \"$1\"", cluster.data(BAD));
    cluster.close();
  }

  private static void startBad() throws IOException, InterruptedException {
    Commands.bash(
            LONG,
            "FAILSYNC_WHEN=\"$3\" FAILSYNC_PATH=/raft/ LD_PRELOAD=\"$4\" \"$1\" dev start 2"
                + " --dir \"$2\"",
            DevCluster.launcher(),
            cluster.directory(),
            trigger,
            shim)
        .ok();
  }

  @Test
  @Order(1)
  void aLeaderWhoseDiskIsFullIsFollowedByAnotherAndComesBackByItself()
      throws IOException, InterruptedException {
    makeLeader();
    fillsUp("leader");
    assertThat(cluster.leader()).isNotEqualTo(BAD);
  }

  @Test
  @Order(2)
  void aFollowerWhoseDiskIsFullComesBackByItself() throws IOException, InterruptedException {
    fillsUp("follower");
  }

  private static void fillsUp(String name) throws IOException, InterruptedException {
    final String id = status().text("id");
    Commands.bash(
        SHORT,
        "dd if=/dev/zero of=\"$1/filler\" bs=1M status=none; dd if=/dev/zero of=\"$1/filler2\""
            + " bs=4k status=none; true",
        cluster.data(BAD));
    // The log has room prepared; what fills it must not fail here, since two nodes are well.
    for (int i = 0; failure().isEmpty(); i++) {
      assertThat(i).as("rounds on a full disk").isLessThan(30);
      Commands.bash(
              LONG,
              "mkdir -p \"$1/load\" && v=0x$(head -c 32000 /dev/urandom | od -An -v -tx1 | tr -d ' \\n')"
                  + " && for i in $(seq 20); do setfattr -n user.v -v $v$(printf %02x $i)"
                  + " \"$1/load\" || exit 1; done",
              cluster.mount(1))
          .ok();
    }
    assertThat(failure()).contains("No space left");
    Awaitility.await()
        .atMost(SHORT)
        .untilAsserted(
            () -> assertThat(status().texts("degraded").toString()).contains("No space left"));
    Awaitility.await().atMost(SHORT).until(() -> leader() != BAD);
    write(1, name);
    Commands.bash(SHORT, "rm \"$1/filler\" \"$1/filler2\"", cluster.data(BAD)).ok();
    Awaitility.await().atMost(LONG).until(() -> failure().isEmpty() && sees(BAD, name));
    assertThat(status().text("id")).isEqualTo(id);
    write(BAD, name + "-after");
    assertThat(sees(1, name + "-after")).isTrue();
    hashesAreEqual();
  }

  @Test
  @Order(3)
  void anErrorOfFsyncFencesTheNodeUntilItIsStartedAnew() throws IOException, InterruptedException {
    fsyncFails("io");
  }

  /** What it has proposed itself is acknowledged by nobody until a disk that works has it. */
  @Test
  @Order(4)
  void anErrorOfFsyncFencesALeaderToo() throws IOException, InterruptedException {
    makeLeader();
    fsyncFails("io-leader");
    assertThat(leader()).isNotEqualTo(BAD);
  }

  private static void fsyncFails(String name) throws IOException, InterruptedException {
    final String id = status().text("id");
    Files.deleteIfExists(Path.of(trigger + ".done"));
    Files.createFile(trigger);
    write(1, name);
    Awaitility.await().atMost(LONG).until(() -> !failure().isEmpty());
    assertThat(Path.of(trigger + ".done")).content().contains("/raft/");
    Files.delete(trigger);
    write(3, name + "-while");
    // The disk is well again, but what it did not sync must not be believed.
    assertThat(failure()).contains("Input/output error");
    assertThat(Commands.bash(SHORT, "mkdir \"$1/x\"", cluster.mount(BAD)).code()).isNotZero();
    cluster.stop(BAD);
    startBad();
    assertThat(sees(BAD, name)).isTrue();
    assertThat(sees(BAD, name + "-while")).isTrue();
    assertThat(status().text("id")).isEqualTo(id);
    hashesAreEqual();
  }

  @Test
  @Order(5)
  void aFlippedBitInTheLogMakesItJoinAgainByItself() throws IOException, InterruptedException {
    write(BAD, "flip");
    Commands.bash(
            SHORT, "head -c 3000000 /dev/urandom > \"$1/big\" && sync \"$1/big\"", cluster.mount(1))
        .ok();
    final String id = status().text("id");
    Awaitility.await().atMost(SHORT).until(() -> blocks("need_blocks") == 0);
    cluster.kill(BAD);
    flipInLog();
    startBad();
    assertThat(status().text("id")).isNotEqualTo(id);
    assertThat(sees(BAD, "flip")).isTrue();
    assertThat(cluster.data(BAD).resolve("damaged-1").resolve("raft")).isDirectory();
    Commands.bash(SHORT, "cmp \"$1/big\" \"$2/big\"", cluster.mount(1), cluster.mount(BAD)).ok();
    Awaitility.await().atMost(SHORT).until(() -> blocks("need_blocks") == 0);
    assertThat(blocks("fetched_blocks")).as("its blocks were taken over").isZero();
    hashesAreEqual();
  }

  private static void flipInLog() throws IOException {
    Path log;
    try (Stream<Path> all = Files.walk(cluster.data(BAD).resolve("raft"))) {
      log =
          all.filter(path -> path.getFileName().toString().startsWith("log_"))
              .max(java.util.Comparator.comparing(Path::toString))
              .orElseThrow();
    }
    try (RandomAccessFile bytes = new RandomAccessFile(log.toFile(), "rw")) {
      bytes.seek(300);
      int before = bytes.read();
      bytes.seek(300);
      bytes.write(before ^ 16);
    }
  }

  private static void makeLeader() throws IOException, InterruptedException {
    for (int i = 0; i < 12 && leader() != BAD; i++) {
      int leads = leader();
      cluster.pause(leads);
      Awaitility.await().atMost(SHORT).until(() -> leader() != leads);
      cluster.resume(leads);
    }
    assertThat(leader()).isEqualTo(BAD);
  }

  /** The leader, once there is one. */
  private static int leader() {
    return Awaitility.await().atMost(SHORT).until(() -> cluster.leader(), leader -> leader > 0);
  }

  private static JsonObject status() throws IOException, InterruptedException {
    return cluster.status().objects("nodes").get(BAD - 1).object("status");
  }

  private static String failure() throws IOException, InterruptedException {
    JsonObject raft = status().object("raft");
    return String.valueOf(raft.values().getOrDefault("failure", "")).replace("null", "");
  }

  private static long blocks(String what) throws IOException, InterruptedException {
    return status().object("blocks").number(what);
  }

  private static void write(int node, String name) throws IOException, InterruptedException {
    Commands.bash(
            SHORT,
            "for i in 1 2 3 4 5; do mkdir \"$1/$2.$i\" || exit 1; done",
            cluster.mount(node),
            name)
        .ok();
  }

  private static boolean sees(int node, String name) throws IOException, InterruptedException {
    return Commands.bash(
                SHORT,
                "for i in 1 2 3 4 5; do [ -d \"$1/$2.$i\" ] || exit 1; done",
                cluster.mount(node),
                name)
            .code()
        == 0;
  }

  private static void hashesAreEqual() throws IOException, InterruptedException {
    JsonObject tables = cluster.statusWithHashes().object("tables");
    assertThat(tables.flag("equal")).as("%s", tables.values()).isTrue();
    assertThat(tables.object("hashes").values()).hasSize(3);
  }
}
