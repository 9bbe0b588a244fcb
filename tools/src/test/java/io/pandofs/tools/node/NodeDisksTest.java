package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.DurableFiles;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.raft.Identity;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which disks a node opens at a start, and what becomes of those that it cannot. */
final class NodeDisksTest {
  private static final int MANY = 40;

  @TempDir Path root;
  private Parts parts = new Parts();

  @BeforeEach
  void makeDirectories() throws IOException {
    for (String name : List.of("data", "d1", "d2", "d3")) {
      Files.createDirectory(root.resolve(name));
    }
  }

  @AfterEach
  void close() {
    parts.close();
  }

  private static Identity identity(long incarnation) {
    return new Identity(1, new NodeId(2), incarnation, 0, Identity.Stage.REMOVED, List.of());
  }

  private NodeConfig config(String... disks) throws ConfigException {
    StringBuilder list = new StringBuilder();
    for (String disk : disks) {
      list.append(list.isEmpty() ? "\"" : ", \"").append(disk).append('"');
    }
    return NodeConfig.parse(
        root.resolve("pando.toml"),
        "data_dir = \"data\"\ncluster.bootstrap = true\nblocks.disks = [" + list + "]");
  }

  private NodeDisks open(String... disks) throws ConfigException, Refusal {
    return NodeDisks.open(config(disks), identity(3), new SystemClock(), parts, true);
  }

  private NodeDisks reopen(String... disks) throws ConfigException, Refusal {
    parts.close();
    parts = new Parts();
    return open(disks);
  }

  private static void fill(NodeDisks disks) throws Exception {
    for (int i = 1; i <= MANY; i++) {
      ByteBuffer bytes = ByteBuffer.allocate(100 + i);
      disks
          .blocks()
          .put(new SessionId(7), new BlockId(i), bytes, Checksums.crc32c(bytes))
          .get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void disksOnOneDeviceAreAsLargeAsOne() throws Exception {
    long device = Files.getFileStore(root).getTotalSpace();
    assertThat(open("d1", "d2").capacityBytes()).isEqualTo(device);
  }

  private static List<String> states(NodeDisks disks) {
    return disks.document().stream()
        .map(row -> Path.of(row.get("directory").toString()).getFileName() + " " + row.get("state"))
        .toList();
  }

  private void empty(String name) throws IOException {
    try (Stream<Path> files = Files.walk(root.resolve(name))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        if (!file.equals(root.resolve(name))) {
          Files.delete(file);
        }
      }
    }
  }

  @Test
  void aNodeWithNothingSaidHasOneDiskInItsDataDirectoryAndNoFile() throws Exception {
    fill(open());
    assertThat(root.resolve("data/disks.json")).doesNotExist();
    empty("data");
    assertThat(states(reopen())).containsExactly("blocks used");
    assertThat(root.resolve("data/disks.json")).doesNotExist();
  }

  @Test
  void disksThatTheConfigurationNamesAreMadeAndKept() throws Exception {
    fill(open("d1", "d2"));
    NodeDisks disks = reopen("d1", "d2");
    assertThat(states(disks)).containsExactly("d1 used", "d2 used");
    assertThat(disks.blocks().usage().blocks()).isEqualTo(MANY);
    // One more, and a line that somebody took out: what has blocks stays in use.
    disks = reopen("d3");
    assertThat(states(disks)).containsExactly("d1 used", "d2 used", "d3 used");
    assertThat(disks.blocks().usage().blocks()).isEqualTo(MANY);
    assertThat(disks.problems()).isEmpty();
  }

  @Test
  void theFirstDiskStaysWhenOthersAreNamedLater() throws Exception {
    fill(open());
    NodeDisks disks = reopen("d1");
    assertThat(states(disks)).containsExactly("blocks used", "d1 used");
    assertThat(disks.blocks().usage().blocks()).isEqualTo(MANY);
  }

  @Test
  void anEmptyMountPointIsNoDisk() throws Exception {
    fill(open("d1", "d2"));
    parts.close();
    empty("d1");
    NodeDisks disks = reopen("d1", "d2");
    assertThat(states(disks)).containsExactly("d1 out", "d2 used");
    assertThat(disks.problems()).singleElement().asString().contains("d1 is out: ", "mounted?");
    assertThat(root.resolve("d1")).isEmptyDirectory();
    // It stays out until somebody says so.
    assertThat(states(reopen("d1", "d2"))).containsExactly("d1 out", "d2 used");
    disks = reopen("d1", "d2");
    disks.add(root.resolve("d1"));
    assertThat(states(disks)).containsExactly("d1 used", "d2 used");
    assertThat(disks.problems()).isEmpty();
    assertThat(states(reopen("d1", "d2"))).containsExactly("d1 used", "d2 used");
  }

  @Test
  void aDiskOfAnotherNodeIsTakenOut() throws Exception {
    open("d1", "d2");
    parts.close();
    empty("d2");
    parts = new Parts();
    Path file = root.resolve("data/disks.json");
    Files.delete(file);
    NodeDisks.open(config("d2"), identity(4), new SystemClock(), parts, true);
    parts.close();
    Files.delete(file);
    NodeDisks disks = reopen("d1", "d2");
    assertThat(states(disks)).containsExactly("d1 used", "d2 out");
    assertThat(disks.problems()).singleElement().asString().contains("belongs to incarnation");
  }

  @Test
  void aNodeWithoutAnyDiskRefusesToStart() throws Exception {
    fill(open("d1"));
    parts.close();
    empty("d1");
    parts = new Parts();
    assertThatThrownBy(() -> open("d1"))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("mounted?");
    // And has taken note of nothing: with its disk it starts.
    assertThat(Files.readString(root.resolve("data/disks.json"))).doesNotContain("\"out\"");
  }

  @Test
  void aLookAtAStoppedNodeTakesNothingOut() throws Exception {
    open("d1", "d2");
    parts.close();
    empty("d1");
    parts = new Parts();
    assertThatThrownBy(
            () -> NodeDisks.openAll(config("d1", "d2"), identity(3), new SystemClock(), parts))
        .isInstanceOf(Refusal.class);
    assertThat(Files.readString(root.resolve("data/disks.json"))).doesNotContain("\"out\"");
  }

  @Test
  void aDamagedStoreIsMadeAnewAndTheOldOneKept() throws Exception {
    fill(open());
    parts.close();
    Path store = root.resolve("data/blocks");
    Files.write(store.resolve("STORE"), new byte[] {1, 2, 3});
    NodeDisks disks = reopen();
    assertThat(states(disks)).containsExactly("blocks used");
    assertThat(disks.blocks().usage().blocks()).isZero();
    assertThat(disks.problems()).singleElement().asString().contains("damaged", "set aside");
    assertThat(store.resolve("damaged/db")).exists();
    fill(disks);
    disks = reopen();
    assertThat(disks.problems()).hasSize(1);
    assertThat(disks.blocks().usage().blocks()).isEqualTo(MANY);
    DurableFiles.deleteTree(store.resolve("damaged"));
    assertThat(disks.problems()).isEmpty();
  }

  /** Nobody else has what is in it. */
  @Test
  void aDamagedStoreStaysWhereItIsOnANodeWithoutOthers() throws Exception {
    fill(open());
    parts.close();
    Path stamp = root.resolve("data/blocks/STORE");
    Files.write(stamp, new byte[] {1, 2, 3});
    parts = new Parts();
    assertThatThrownBy(() -> NodeDisks.open(config(), identity(3), new SystemClock(), parts, false))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("STORE");
    assertThat(root.resolve("data/blocks/db")).exists();
  }

  /** A configured directory may be anybody's. */
  @Test
  void whatIsNotSurelyThisNodesIsNotSetAside() throws Exception {
    fill(open("d1", "d2"));
    parts.close();
    Files.write(root.resolve("d1/STORE"), new byte[] {1, 2, 3});
    assertThat(states(reopen("d1", "d2"))).containsExactly("d1 out", "d2 used");
    assertThat(root.resolve("d1/db")).exists();
    assertThat(root.resolve("d1/damaged")).doesNotExist();
  }

  @Test
  void aSettingAsideThatWasInterruptedIsFinished() throws Exception {
    fill(open("d1", "d2"));
    parts.close();
    Path part = Files.createDirectory(root.resolve("d1/damaged.part"));
    for (String name : List.of("db", "incoming", "STORE")) {
      Files.move(root.resolve("d1").resolve(name), part.resolve(name));
    }
    assertThat(states(reopen("d1", "d2"))).containsExactly("d1 used", "d2 used");
    assertThat(root.resolve("d1/damaged/STORE")).exists();
  }

  /** What was set aside first may have the only copies. */
  @Test
  void aSecondDamageBeforeTheFirstIsMendedIsForAPerson() throws Exception {
    fill(open());
    Path stamp = root.resolve("data/blocks/STORE");
    for (int time = 1; time <= 2; time++) {
      parts.close();
      parts = new Parts();
      Files.write(stamp, new byte[] {1, 2, 3});
      if (time == 1) {
        fill(open());
      }
    }
    assertThatThrownBy(this::open)
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("STORE")
        .hasMessageContaining("earlier");
    assertThat(root.resolve("data/blocks/db")).exists();
  }

  @Test
  void aDiskThatWentOutForItsDamagedStoreIsBackAtTheNextStart() throws Exception {
    NodeDisks disks = open("d1", "d2");
    fill(disks);
    disks.takenOut(root.resolve("d1"), "the table of blocks cannot be read");
    parts.close();
    Files.writeString(root.resolve("d1/DAMAGED"), "the table of blocks cannot be read");
    disks = reopen("d1", "d2");
    assertThat(states(disks)).containsExactly("d1 used", "d2 used");
    assertThat(root.resolve("d1/damaged/STORE")).exists();
    assertThat(states(reopen("d1", "d2"))).containsExactly("d1 used", "d2 used");
  }

  @Test
  void aLookAtAStoppedNodeSetsNothingAside() throws Exception {
    fill(open());
    parts.close();
    Path stamp = root.resolve("data/blocks/STORE");
    Files.write(stamp, new byte[] {1, 2, 3});
    parts = new Parts();
    assertThatThrownBy(() -> NodeDisks.openAll(config(), identity(3), new SystemClock(), parts))
        .isInstanceOf(Refusal.class);
    assertThat(stamp).exists();
  }

  @Test
  void aRemovedDiskIsEmptiedAndStaysAway() throws Exception {
    NodeDisks disks = open("d1", "d2");
    fill(disks);
    assertThat(disks.remove(root.resolve("d1"), (blocks, bytes) -> {})).isZero();
    assertThat(states(disks)).containsExactly("d2 used");
    disks = reopen("d1", "d2");
    assertThat(states(disks)).containsExactly("d2 used");
    assertThat(disks.blocks().usage().blocks()).isEqualTo(MANY);
    NodeDisks last = disks;
    assertThatThrownBy(() -> last.remove(root.resolve("d2"), (blocks, bytes) -> {}))
        .hasMessageContaining("last disk");
    assertThatThrownBy(() -> last.remove(root.resolve("d1"), (blocks, bytes) -> {}))
        .hasMessageContaining("no disk of this node");
    assertThatThrownBy(() -> last.add(root.resolve("d2"))).hasMessageContaining("in use already");
    assertThatThrownBy(() -> last.add(root.resolve("d2/db"))).hasMessageContaining("overlap");
    assertThatThrownBy(() -> last.add(root.resolve("d9"))).hasMessageContaining("no directory");
    assertThatThrownBy(() -> last.add(root.resolve("data"))).hasMessageContaining("Cannot use");
    last.add(root.resolve("d1"));
    assertThat(states(last)).containsExactly("d1 used", "d2 used");
  }

  @Test
  void aLostDiskIsNoted() throws Exception {
    NodeDisks disks = open("d1", "d2");
    fill(disks);
    boolean[] told = new boolean[1];
    // Told before anything that may wait.
    disks.onLost(
        () -> told[0] = true,
        step -> {
          assertThat(told[0]).isTrue();
          step.run();
        },
        trouble -> {
          throw new AssertionError(trouble);
        });
    // The files go away under it; a big block needs a new one.
    empty("d1");
    for (int i = 1; states(disks).contains("d1 used"); i++) {
      ByteBuffer bytes = ByteBuffer.allocate(3 << 20);
      disks
          .blocks()
          .put(new SessionId(7), new BlockId(1000 + i), bytes, Checksums.crc32c(bytes))
          .get(60, TimeUnit.SECONDS);
    }
    assertThat(states(disks)).containsExactly("d1 out", "d2 used");
    assertThat(disks.problems()).singleElement().asString().contains("d1 is out: ");
    assertThat(told[0]).isTrue();
    assertThat(states(reopen("d1", "d2"))).containsExactly("d1 out", "d2 used");
  }

  @Test
  void spaceIsToldByTheDeviceThatTheBlocksAreOn() throws Exception {
    String device = String.valueOf(Files.getAttribute(root.resolve("d1"), "unix:dev"));
    NodeDisks disks = open("d1", "d2");
    assertThat(disks.freeByDevice()).containsOnlyKeys(device);
    // Two stores on one device do not have its space twice.
    long total = Files.getFileStore(root).getTotalSpace();
    assertThat(disks.freeByDevice().get(device)).isBetween(0L, total);
  }

  @Test
  void aDiskIsNotUsedBeforeThatIsWrittenDown() throws Exception {
    NodeDisks disks = open("d1", "d2");
    Path blocker = Files.createDirectory(root.resolve("data/disks.json.new"));
    assertThatThrownBy(() -> disks.add(root.resolve("d3")))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("written down");
    assertThat(states(disks)).containsExactly("d1 used", "d2 used");
    long free = disks.blocks().usage().freeBytes();
    Files.delete(blocker);
    disks.add(root.resolve("d3"));
    assertThat(states(disks)).containsExactly("d1 used", "d2 used", "d3 used");
    assertThat(disks.blocks().usage().freeBytes()).isGreaterThan(free);
    // A power cut: what was in memory alone is gone.
    assertThat(Files.readString(root.resolve("data/disks.json"))).contains("d3");
  }

  @Test
  void aRemovalThatCannotBeWrittenDownSaysSo() throws Exception {
    NodeDisks disks = open("d1", "d2");
    fill(disks);
    Path blocker = Files.createDirectory(root.resolve("data/disks.json.new"));
    assertThatThrownBy(() -> disks.remove(root.resolve("d1"), (blocks, bytes) -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("written down");
    Files.delete(blocker);
    NodeDisks again = reopen("d1", "d2");
    assertThat(states(again)).containsExactly("d1 used", "d2 used");
    assertThat(again.blocks().usage().blocks()).isEqualTo(MANY);
  }

  @Test
  void aRemovalThatCouldNotBeWrittenDownCanBeRepeatedOrTakenBack() throws Exception {
    NodeDisks disks = open("d1", "d2", "d3");
    fill(disks);
    Path blocker = Files.createDirectory(root.resolve("data/disks.json.new"));
    for (String name : List.of("d1", "d2")) {
      assertThatThrownBy(() -> disks.remove(root.resolve(name), (blocks, bytes) -> {}))
          .hasMessageContaining("written down");
    }
    assertThat(states(disks)).containsExactly("d1 out", "d2 out", "d3 used");
    Files.delete(blocker);
    disks.remove(root.resolve("d1"), (blocks, bytes) -> {});
    disks.add(root.resolve("d2"));
    assertThat(states(disks)).containsExactly("d2 used", "d3 used");
    assertThat(states(reopen("d1", "d2", "d3"))).containsExactly("d2 used", "d3 used");
  }

  @Test
  void aNodeThatCannotWriteDownItsDisksRefusesToStart() throws Exception {
    Files.createDirectory(root.resolve("data/disks.json.new"));
    assertThatThrownBy(() -> open("d1", "d2"))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("written down");
  }

  @Test
  void lateNewsOfAFailureChangeNoDiskThatWasRemoved() throws Exception {
    NodeDisks disks = open("d1", "d2");
    assertThat(disks.remove(root.resolve("d1"), (blocks, bytes) -> {})).isZero();
    disks.takenOut(root.resolve("d1"), "EIO");
    assertThat(states(disks)).containsExactly("d2 used");
    assertThat(states(reopen("d1", "d2"))).containsExactly("d2 used");
  }

  @Test
  void aDiskThatIsAwayWhenTheNodeGetsANewIdIsTakenOverWhenItComesBack() throws Exception {
    NodeDisks disks = open("d1", "d2");
    fill(disks);
    long onSecond = disks.document().get(1).get("stored_blocks") instanceof Long many ? many : 0;
    assertThat(onSecond).isPositive();
    parts.close();
    Files.move(root.resolve("d2"), root.resolve("away"));
    Files.createDirectory(root.resolve("d2"));
    for (int id = 3; id <= 4; id++) {
      NodeDisks.takeOver(config("d1", "d2"), identity(id));
      parts = new Parts();
      disks = NodeDisks.open(config("d1", "d2"), identity(id + 1), new SystemClock(), parts, true);
      assertThat(states(disks)).containsExactly("d1 used", "d2 out");
      assertThat(disks.blocks().usage().blocks()).isEqualTo(MANY - onSecond);
      parts.close();
    }
    parts = new Parts();
    disks = NodeDisks.open(config("d1", "d2"), identity(5), new SystemClock(), parts, true);
    Files.delete(root.resolve("d2"));
    Files.move(root.resolve("away"), root.resolve("d2"));
    disks.add(root.resolve("d2"));
    assertThat(states(disks)).containsExactly("d1 used", "d2 used");
    assertThat(disks.blocks().usage().blocks()).isEqualTo(MANY);
  }

  @Test
  void theOneDiskInTheDataDirectoryIsTakenOver() throws Exception {
    fill(open());
    parts.close();
    NodeDisks.takeOver(config(), identity(3));
    for (int start = 0; start < 2; start++) {
      parts.close();
      parts = new Parts();
      NodeDisks disks = NodeDisks.open(config(), identity(4), new SystemClock(), parts, true);
      assertThat(states(disks)).containsExactly("blocks used");
      assertThat(disks.blocks().usage().blocks()).isEqualTo(MANY);
    }
  }
}
