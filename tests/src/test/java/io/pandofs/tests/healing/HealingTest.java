package io.pandofs.tests.healing;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tests.cluster.Commands;
import io.pandofs.tests.cluster.DevCluster;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Bits flipped in the files of a running node: no mount gives out a wrong byte, and the node has
 * good copies again by itself.
 */
@Tag("fuse")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class HealingTest {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int BLOCK_BYTES = 4 << 20;

  /** Whole blocks: these go to table files, where a bit can be flipped under a running node. */
  private static final int FILE_BYTES = 3 * BLOCK_BYTES;

  private static final int VICTIM = 3;

  @TempDir static Path scratch;
  private static DevCluster cluster;
  private static byte[] bytes = new byte[FILE_BYTES];
  private static Path source;

  @BeforeAll
  static void up() throws IOException, InterruptedException {
    cluster = DevCluster.up(3);
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    new Random(seed).nextBytes(bytes);
    source = scratch.resolve("source");
    Files.write(source, bytes);
    Commands.bash(LONG, "cp \"$1\" \"$2/big\" && sync \"$2/big\"", source, cluster.mount(1)).ok();
    Awaitility.await()
        .atMost(LONG)
        .until(
            () ->
                blocks().number("stored_bytes") >= FILE_BYTES
                    && blocks().number("need_blocks") == 0);
  }

  @AfterAll
  static void down() throws IOException {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static JsonObject blocks() throws IOException, InterruptedException {
    return blocks(VICTIM);
  }

  private static JsonObject blocks(int node) throws IOException, InterruptedException {
    return cluster.status().objects("nodes").get(node - 1).object("status").object("blocks");
  }

  @Test
  void newDataIsPackedAsTheVolumeSays() throws IOException, InterruptedException {
    assertThat(cluster.ask(1, "volume", "set", "compression=zip").err()).contains("lz4");
    cluster.ask(1, "volume", "set", "compression=zstd").ok();
    assertThat(cluster.ask(2, "volume", "show").ok()).contains("zstd").contains("majority");
    int length = 24 << 20;
    long before = bytesOnDisk();
    Commands.bash(
            LONG,
            "yes pando | head -c $2 > \"$1/alike\" && sync \"$1/alike\"",
            cluster.mount(1),
            length)
        .ok();
    Commands.bash(LONG, "yes pando | head -c $2 | cmp - \"$1/alike\"", cluster.mount(2), length)
        .ok();
    assertThat(bytesOnDisk() - before).isLessThan(length);
    cluster.ask(2, "volume", "set", "compression=none").ok();
  }

  /** Of the blocks of two nodes: three would hold three times the bytes, if not packed. */
  private static long bytesOnDisk() throws IOException {
    long bytes = 0;
    for (int node = 1; node <= 2; node++) {
      try (Stream<Path> files = Files.walk(cluster.data(node).resolve("blocks"))) {
        bytes +=
            files
                .map(Path::toFile)
                .filter(f -> f.getName().endsWith(".sst"))
                .mapToLong(java.io.File::length)
                .sum();
      }
    }
    return bytes;
  }

  /** What is alive of a block that is mostly dead gets another, and the file stays as it is. */
  @Test
  @Order(0)
  void whatIsMostlyDeadIsStoredAnew() throws IOException, InterruptedException {
    String thin =
        "set -e; head -c 4M /dev/urandom > \"$2\"; cp \"$2\" \"$1/thin\"; sync \"$1/thin\";"
            + " head -c 3M /dev/urandom > \"$2.part\"; for f in \"$1/thin\" \"$2\";"
            + " do dd if=\"$2.part\" of=\"$f\" bs=3M conv=notrunc,fsync status=none; done";
    Path same = scratch.resolve("thin");
    Commands.bash(LONG, thin, cluster.mount(2), same).ok();
    Awaitility.await().atMost(LONG).until(() -> compactedBytes() >= 1 << 20);
    Commands.bash(LONG, "cmp \"$1\" \"$2/thin\"", same, cluster.mount(1)).ok();
    Commands.bash(LONG, "rm \"$1/thin\"", cluster.mount(1)).ok();
  }

  private static long compactedBytes() throws IOException, InterruptedException {
    return cluster.status().objects("nodes").stream()
        .mapToLong(node -> node.object("status").object("blocks").number("compacted_bytes"))
        .sum();
  }

  /** Flips one bit where the node keeps the byte that is at this place of the file. */
  private static void flip(int at) throws IOException {
    byte[] around = Arrays.copyOfRange(bytes, at, at + 32);
    try (Stream<Path> files = Files.walk(cluster.data(VICTIM).resolve("blocks"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".sst")).toList()) {
        int found = indexOf(Files.readAllBytes(file), around);
        if (found >= 0) {
          flipIn(file, found);
          return;
        }
      }
    }
    throw new AssertionError("byte " + at + " is nowhere on the node's disk");
  }

  private static int indexOf(byte[] in, byte[] what) {
    for (int i = 0; i <= in.length - what.length; i++) {
      if (in[i] == what[0] && ByteBuffer.wrap(in, i, what.length).equals(ByteBuffer.wrap(what))) {
        return i;
      }
    }
    return -1;
  }

  private static void flipIn(Path file, long at) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 4));
      channel.write(one.flip(), at);
    }
  }

  private static Commands.Result scrub(String... more) throws IOException, InterruptedException {
    return admin("scrub", more);
  }

  private static Commands.Result fsck(String... more) throws IOException, InterruptedException {
    return admin("fsck", more);
  }

  private static Commands.Result admin(String name, String... more)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(DevCluster.launcher().toString(), name));
    command.addAll(List.of(more));
    command.addAll(List.of("--data", cluster.data(VICTIM).toString(), "--json"));
    return Commands.run(LONG, command.toArray(new String[0]));
  }

  @Test
  @Order(1)
  void aReadThatMeetsABadCopyAnswersFromAnotherAndRepairsIt()
      throws IOException, InterruptedException {
    flip(100_000);
    Commands.bash(LONG, "cmp \"$1\" \"$2/big\"", source, cluster.mount(VICTIM)).ok();
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> blocks().object("scrub").number("faults_repaired") >= 1);
  }

  @Test
  @Order(2)
  void scrubFindsBadCopiesThatNobodyReadsAndHasThemRepaired()
      throws IOException, InterruptedException {
    long before = blocks().object("scrub").number("faults_repaired");
    flip(BLOCK_BYTES + 7);
    flip(2 * BLOCK_BYTES + 70_000);
    JsonObject found = JsonReader.readObject(scrub("--now", "--wait").ok());
    assertThat(found.object("last").number("faults")).isEqualTo(2);
    assertThat(found.number("faults_repaired")).isEqualTo(before + 2);
    JsonObject again = JsonReader.readObject(scrub("--now", "--wait").ok());
    assertThat(again.object("last").number("blocks")).isGreaterThanOrEqualTo(3);
    assertThat(again.object("last").number("faults")).isZero();
    assertThat(JsonReader.readObject(scrub().ok()).object("last").number("faults")).isZero();
  }

  @Test
  @Order(3)
  void scrubOfAPathChecksWhatIsThereAndNothingElse() throws IOException, InterruptedException {
    Path mount = cluster.mount(VICTIM);
    String make = "mkdir -p \"$1/one/two\" \"$1/other\" && mv \"$1/big\" \"$1/one/two/big\"";
    Commands.bash(LONG, make, mount).ok();
    String copy = "head -c 9000 \"$1\" > \"$2/other/small\" && sync \"$2/other/small\"";
    Commands.bash(LONG, copy, source, mount).ok();
    flip(BLOCK_BYTES + 400_000);
    JsonObject other =
        JsonReader.readObject(scrub(mount.resolve("other").toString(), "--wait").ok());
    assertThat(other.object("checked").number("files")).isEqualTo(1);
    assertThat(other.object("checked").number("bytes")).isEqualTo(9000);
    assertThat(other.object("checked").number("faults")).isZero();
    JsonObject one = JsonReader.readObject(scrub(mount.resolve("one").toString(), "--wait").ok());
    assertThat(one.object("checked").number("files")).isEqualTo(1);
    assertThat(one.object("checked").number("bytes")).isEqualTo(FILE_BYTES);
    assertThat(one.object("checked").number("faults")).isEqualTo(1);
    assertThat(one.number("faults_open")).isZero();
    Path file = mount.resolve("one/two/big");
    JsonObject again = JsonReader.readObject(scrub(file.toString()).ok());
    assertThat(again.object("checked").number("faults")).isZero();
    assertThat(scrub(scratch.toString()).err()).contains("not within this node's mount");
    assertThat(scrub(mount.resolve("none").toString()).code()).isNotZero();
    Commands.bash(LONG, "mv \"$1\" \"$2/big\"", file, mount).ok();
  }

  @Test
  @Order(4)
  void fsckFindsWhatIsBadAndRepairsIt() throws IOException, InterruptedException {
    JsonObject clean = JsonReader.readObject(fsck("--deep").ok());
    assertThat(clean.number("problems")).isZero();
    assertThat(clean.object("blocks").number("checked_bytes")).isGreaterThanOrEqualTo(FILE_BYTES);
    flip(BLOCK_BYTES + 300_000);
    assertThat(fsck().code()).as("not without reading the bytes").isZero();
    Commands.Result found = fsck("--deep");
    assertThat(found.code()).isEqualTo(1);
    JsonObject document = JsonReader.readObject(found.out());
    assertThat(document.object("blocks").number("damaged")).isEqualTo(1);
    JsonObject repaired = JsonReader.readObject(fsck("--deep", "--repair").ok());
    assertThat(repaired.number("problems")).isEqualTo(1);
    assertThat(repaired.number("unrepaired")).isZero();
    assertThat(JsonReader.readObject(fsck("--deep").ok()).number("problems")).isZero();
  }

  @Test
  @Order(5)
  void fsckOfAStoppedNode() throws IOException, InterruptedException {
    assertThat(offline().err()).contains("in use by another process");
    cluster.stop(VICTIM);
    JsonObject clean = JsonReader.readObject(offline().ok());
    assertThat(clean.number("problems")).isZero();
    assertThat(clean.number("inodes")).isGreaterThanOrEqualTo(2);
    flip(99);
    Commands.Result found = offline();
    assertThat(found.code()).isEqualTo(1);
    assertThat(JsonReader.readObject(found.out()).object("blocks").number("damaged")).isEqualTo(1);
    cluster.start(VICTIM);
    JsonReader.readObject(scrub("--now", "--wait").ok());
    assertThat(JsonReader.readObject(fsck("--deep").ok()).number("problems")).isZero();
  }

  /** A bit that keeps the store from being opened: nobody needs to do anything about it. */
  @Test
  @Order(6)
  void aDamagedStoreIsMadeAnewFromTheOtherNodes() throws IOException, InterruptedException {
    cluster.kill(VICTIM);
    Path store = cluster.data(VICTIM).resolve("blocks");
    flipIn(one(store.resolve("db"), "MANIFEST-*"), 20);
    cluster.start(VICTIM);
    awaitAllBlocks();
    assertThat(cluster.ask(VICTIM, "status").out()).contains("set aside in " + store);
    Commands.bash(LONG, "rm -r \"$1/damaged\"", store).ok();
    assertThat(cluster.ask(VICTIM, "status").out()).doesNotContain("set aside");
    Commands.bash(LONG, "cmp \"$1\" \"$2/big\"", source, cluster.mount(VICTIM)).ok();
    assertThat(JsonReader.readObject(fsck("--deep").ok()).number("problems")).isZero();
  }

  private static void awaitAllBlocks() {
    Awaitility.await()
        .atMost(LONG)
        .until(
            () ->
                blocks().number("stored_blocks") == blocks(1).number("stored_blocks")
                    && blocks().number("need_blocks") == 0);
  }

  private static Path one(Path directory, String glob) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, glob)) {
      return files.iterator().next();
    }
  }

  @Test
  @Order(7)
  void aLostDiskIsFilledFromOtherNodes() throws IOException, InterruptedException {
    Path good = Files.createDirectory(scratch.resolve("good"));
    Path bad = Files.createDirectory(scratch.resolve("bad"));
    admin("disk", "add", good.toString()).ok();
    admin("disk", "add", bad.toString()).ok();
    Commands.bash(LONG, "cp \"$1\" \"$2/again\" && sync \"$2/again\"", source, cluster.mount(1))
        .ok();
    admin("disk", "remove", cluster.data(VICTIM).resolve("blocks").toString()).ok();
    // The disk goes under the node: what is open can be read still, nothing can be written.
    Commands.bash(LONG, "rm -r \"$1\"/*", bad).ok();
    String fill =
        "for i in 1 2 3 4 5 6 7 8; do cp \"$1\" \"$2/more$i\" || exit 1; done; sync \"$2\"/more*";
    Commands.bash(LONG, fill, source, cluster.mount(VICTIM)).ok();
    Awaitility.await().atMost(LONG).until(() -> disks().contains("bad out"));
    assertThat(disks()).containsExactly("good used", "bad out");
    awaitAllBlocks();
    Commands.bash(LONG, "cmp \"$1\" \"$2/again\"", source, cluster.mount(VICTIM)).ok();
    cluster.stop(VICTIM);
    assertThat(JsonReader.readObject(offline().ok()).number("problems")).isZero();
    cluster.start(VICTIM);
    admin("disk", "add", bad.toString()).ok();
    assertThat(disks()).containsExactly("good used", "bad used");
    assertThat(JsonReader.readObject(fsck("--deep").ok()).number("problems")).isZero();
  }

  @Test
  @Order(8)
  void aNodeWithTheLastCopiesStaysUntilTheyAreGivenUp() throws IOException, InterruptedException {
    for (int node : List.of(1, 2)) {
      Path more = Files.createDirectory(scratch.resolve("more" + node));
      cluster.ask(node, "disk", "add", more.toString()).ok();
    }
    // All are killed, and the others come back without the disk that had all they held.
    each("kill", "1 2 " + VICTIM);
    Commands.bash(LONG, "rm -r \"$1\" \"$2\"", blocksOf(1), blocksOf(2)).ok();
    each("start", "1 2");
    String victim = "n" + VICTIM;
    Commands.Result refused = cluster.ask(1, "node", "remove", victim);
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err())
        .containsPattern("[1-9][0-9]* blocks have their last known copy on " + victim)
        .contains("it stays")
        .contains("--force");
    JsonObject stays = members().get(VICTIM - 1);
    assertThat(stays.text("name")).isEqualTo(victim);
    assertThat(stays.flag("drained")).isFalse();
    JsonObject gone =
        JsonReader.readObject(cluster.ask(1, "node", "remove", victim, "--force", "--json").ok());
    assertThat(gone.number("blocks_lost")).isGreaterThanOrEqualTo(FILE_BYTES / BLOCK_BYTES);
    assertThat(members()).hasSize(2);
    // What is lost is said to be: never zeros.
    Commands.Result read = Commands.bash(LONG, "cat \"$1/big\" >/dev/null", cluster.mount(1));
    assertThat(read.err()).contains("Input/output error");
  }

  private static Path blocksOf(int node) {
    return cluster.data(node).resolve("blocks");
  }

  private static void each(String verb, String nodes) throws IOException, InterruptedException {
    Commands.bash(
            LONG,
            "for n in $4; do \"$1\" dev $3 $n --dir \"$2\" & p=\"$p $!\"; done;"
                + " for p in $p; do wait $p || exit; done",
            DevCluster.launcher(),
            cluster.directory(),
            verb,
            nodes)
        .ok();
  }

  private static List<JsonObject> members() throws IOException, InterruptedException {
    return JsonReader.readObject(cluster.ask(1, "node", "ls", "--json").ok()).objects("nodes");
  }

  private static List<String> disks() throws IOException, InterruptedException {
    return blocks().objects("disks").stream()
        .map(disk -> Path.of(disk.text("directory")).getFileName() + " " + disk.text("state"))
        .toList();
  }

  private static Commands.Result offline() throws IOException, InterruptedException {
    return Commands.run(
        LONG,
        DevCluster.launcher().toString(),
        "fsck",
        "--offline",
        cluster.directory().resolve("n" + VICTIM + "/pando.toml").toString(),
        "--deep",
        "--json");
  }
}
