package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.DurableFiles;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.engine.ReadStore;
import io.pandofs.meta.engine.Table;
import io.pandofs.meta.rocksdb.AppliedIndex;
import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.meta.rocksdb.RocksTables;
import io.pandofs.meta.rocksdb.RocksTransaction;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose disk does not hold what was written to it: it must never vote with that. */
class DamageTest {
  private static final LogLimits TIGHT =
      new LogLimits(1_000, 1 << 20, Duration.ofMinutes(10), 2, 0, 64 << 10);

  /** Checkpoints often; and none is sent to who is behind, in the place of damaged tables. */
  private static final LogLimits OFTEN =
      new LogLimits(50, 1 << 20, Duration.ofMinutes(10), 2, 1_000_000, 64 << 10);

  @TempDir Path dir;

  private interface Damage {
    void to(Path data) throws IOException;
  }

  @Test
  void damageIsFoundAtTheStartAndTheNodeJoinsAsAnother() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.limits = TIGHT)) {
      MembershipTest.fill(cluster.leader(), "a", 200);
      TestNode hurt = cluster.follower();
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> hurt.status().applied() >= cluster.leader().status().applied());
      hurt.replica().checkpoint().get(30, TimeUnit.SECONDS);
      Path old = dir.resolve("old-raft");
      copy(hurt.dataDir.resolve("raft"), old);
      MembershipTest.fill(cluster.leader(), "b", 50);
      long reached = cluster.leader().status().committed();
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> markOf(hurt) != null && markOf(hurt).committed() >= reached);
      final NodeId was = hurt.status().node();
      hurt.kill();
      Path good = dir.resolve("good");
      copy(hurt.dataDir, good);

      refused(hurt, good, data -> flip(log(data), 600), "the log is damaged");
      refused(hurt, good, data -> cut(log(data)), "the log");
      refused(hurt, good, data -> Files.delete(log(data)), "ends at");
      refused(hurt, good, data -> put(old, data.resolve("raft")), "");
      refused(hurt, good, data -> DurableFiles.deleteTree(data.resolve("raft")), "is missing");
      refused(hurt, good, data -> vote(data, "term=0", ""), "record of votes");
      refused(hurt, good, data -> vote(data, "term=x", "n1"), "record of votes");
      refused(hurt, good, data -> Files.delete(current(data).resolve("raft-meta")), "votes");
      refused(hurt, good, data -> flip(current(data).resolve("raft-meta.conf"), 20), "voters");
      refused(hurt, good, data -> flip(tables(data, "MANIFEST"), 40), "");
      refused(hurt, good, data -> flip(tables(data, "CURRENT"), 3), "tables");
      refused(hurt, good, data -> Files.delete(data.resolve("meta/CURRENT")), "CURRENT is missing");

      // As a daemon does it: put aside, and in again under another id.
      restore(good, hurt.dataDir);
      flip(log(hurt.dataDir), 600);
      hurt.make();
      hurt.close();
      try (DataDirectory data = DataDirectory.lock(hurt.dataDir)) {
        data.markDamaged("a bit was flipped");
        Path aside = data.putAside();
        assertThat(aside.resolve("raft")).isDirectory();
        assertThat(aside.resolve("meta").resolve("CURRENT")).isRegularFile();
        assertThat(Files.readString(aside.resolve("why"))).contains("flipped");
        assertThat(data.identity()).isNull();
        assertThat(data.predecessor()).isNotNull();
        assertThat(data.lastKnownMembers()).hasSize(2).contains(cluster.leader().control());
      }
      hurt.joinAgain(cluster.leader());
      hurt.start();
      assertThat(hurt.status().node()).isNotEqualTo(was);
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(TestCluster.voters(cluster.leader())).hasSize(3).doesNotContain(was));
      MetadataSession session = hurt.session();
      try (MetadataView view = session.view()) {
        view.lookup(InodeId.ROOT, Tree.name("b49"));
      }
      cluster.assertAlike();
    }
  }

  private static void refused(TestNode node, Path good, Damage damage, String why)
      throws IOException {
    restore(good, node.dataDir);
    damage.to(node.dataDir);
    assertThatThrownBy(node::start)
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining(why)
        .satisfies(e -> System.out.println("refused: " + e.getMessage()));
    node.close();
  }

  @Test
  void aBitFlippedUnderRunningTablesFencesTheNode() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.limits = OFTEN)) {
      MembershipTest.fill(cluster.leader(), "a", 300);
      TestNode hurt = cluster.follower();
      hurt.replica().checkpoint().get(30, TimeUnit.SECONDS);
      CompletableFuture<ReplicaFailure> ended = hurt.replica().ended();
      for (int i = 0; i < 10 && !comesWithin(ended, i == 0 ? 0 : 10); i++) {
        for (Path table : allTables(hurt.dataDir, ".sst")) {
          // But for what a compaction has replaced by now.
          if (Files.exists(table)) {
            flip(table, (int) Files.size(table) / 3 + i);
          }
        }
        // The next checkpoint is followed by a reading of all tables, unless compactions have
        // replaced the files before, from the good blocks that are in memory.
        MembershipTest.fill(cluster.leader(), "b" + i, 600);
      }
      ReplicaFailure failure = ended.get(60, TimeUnit.SECONDS);
      assertThat(failure.kind()).isEqualTo(ReplicaFailure.Kind.DAMAGED);
      assertThat(hurt.status().failure()).contains("tables");
      hurt.kill();
      try (DataDirectory data = DataDirectory.lock(hurt.dataDir)) {
        assertThat(data.damageReason()).contains("tables");
      }
      MembershipTest.fill(cluster.leader(), "c", 20);
    }
  }

  /** No checksum shows it, as when memory was bad while the row was written. */
  @Test
  void tablesThatAreNotThoseOfTheOthersAreTold() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.limits = TIGHT)) {
      MembershipTest.fill(cluster.leader(), "a", 20);
      TestNode hurt = cluster.follower();
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> hurt.status().applied() >= cluster.leader().status().applied());
      hurt.close();
      changeAnInode(tables(hurt.dataDir, "MANIFEST").getParent());
      hurt.start();
      cluster.leader().replica().hashTables(Duration.ofSeconds(30));
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(String.valueOf(hurt.status().failure()))
                      .contains("not those of a majority"));
      MembershipTest.fill(cluster.leader(), "b", 20);
      for (TestNode node : cluster.nodes) {
        assertThat(node == hurt || node.status().failure() == null).isTrue();
      }
    }
  }

  private static void changeAnInode(Path directory) throws IOException {
    try (RocksMemory memory = new RocksMemory(16 << 20, 4 << 20);
        RocksTables tables = RocksTables.open(directory, memory)) {
      AppliedIndex applied = tables.applied();
      try (RocksTransaction change = tables.begin()) {
        byte[] key;
        byte[] row;
        try (ReadStore.Cursor rows = change.scan(Table.INODES, new byte[0], null)) {
          assertThat(rows.next()).isTrue();
          key = rows.key();
          row = rows.value();
        }
        row[row.length - 1] ^= 1;
        change.put(Table.INODES, key, row);
        change.commit(applied);
      }
      AppliedIndex unused = tables.flush();
    }
  }

  @Test
  void aTornTailThatNobodyWasToldOfIsDropped() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, node -> node.limits = TIGHT)) {
      MembershipTest.fill(cluster.leader(), "a", 100);
      TestNode hurt = cluster.follower();
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> hurt.status().applied() >= cluster.leader().status().applied());
      final NodeId was = hurt.status().node();
      hurt.kill();
      appendTorn(log(hurt.dataDir));
      hurt.start();
      assertThat(hurt.status().node()).isEqualTo(was);
      MembershipTest.fill(hurt, "b", 20);
      cluster.assertAlike();
    }
  }

  /** The first sectors of a long record, and zeros where the rest would be. */
  static void appendTorn(Path log) throws IOException {
    LogScan scan = LogScan.read(log.getParent(), -1);
    byte[] bytes = new byte[(scan.openBytes() / 512 + 2) * 512 - scan.openBytes()];
    new java.util.Random(3).nextBytes(bytes);
    bytes[0] = (byte) 0xff;
    bytes[1] = (byte) 0x7f;
    bytes[bytes.length - 1] = 1;
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
      file.setLength(scan.openBytes() + (64 << 10));
      file.seek(scan.openBytes());
      file.write(bytes);
    }
  }

  private static LogMark markOf(TestNode node) throws IOException {
    return LogMark.read(node.dataDir.resolve("meta").resolve("MARK"));
  }

  private static Path current(Path data) throws IOException {
    try (Stream<Path> all = Files.walk(data.resolve("raft"))) {
      return all.filter(path -> path.endsWith("current")).findFirst().orElseThrow();
    }
  }

  /** Whoever it was sent to would refuse it, again and again. */
  @Test
  void aDamagedCheckpointIsReplaced() throws Exception {
    try (TestNode node = new TestNode(dir, "a").bootstrap()) {
      MembershipTest.fill(node, "a", 20);
      node.replica().checkpoint().get(30, TimeUnit.SECONDS);
      long damaged = node.status().checkpoint();
      node.kill();
      flip(checkpointFile(node.dataDir, "MANIFEST"), 40);
      node.start();
      await().atMost(Duration.ofSeconds(30)).until(() -> node.status().checkpoint() > damaged);
      try (RocksMemory memory = new RocksMemory(16 << 20, 4 << 20)) {
        RocksTables.verify(checkpointFile(node.dataDir, "CURRENT").getParent(), memory);
      }
    }
  }

  /** Of the newest checkpoint. */
  private static Path checkpointFile(Path data, String name) throws IOException {
    try (Stream<Path> all = Files.walk(data.resolve("meta/checkpoints"))) {
      return all.filter(path -> path.getFileName().toString().startsWith(name))
          .max(Comparator.comparingLong(path -> path.toFile().lastModified()))
          .orElseThrow();
    }
  }

  /** The newest file of the log. */
  static Path log(Path data) throws IOException {
    List<LogFiles.Segment> segments = LogFiles.list(current(data));
    return segments.get(segments.size() - 1).file();
  }

  private static Path tables(Path data, String name) throws IOException {
    return allTables(data, name).stream()
        .max(Comparator.comparingLong(path -> path.toFile().length()))
        .orElseThrow();
  }

  private static List<Path> allTables(Path data, String name) throws IOException {
    try (Stream<Path> all = Files.walk(data.resolve("meta"))) {
      return all.filter(path -> path.toString().contains("/tables-"))
          .filter(path -> path.getFileName().toString().contains(name))
          .toList();
    }
  }

  private static void vote(Path data, String term, String votedFor) throws IOException {
    Files.write(
        current(data).resolve("raft-meta"),
        (term + "\nvotedFor=" + votedFor + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static boolean comesWithin(CompletableFuture<?> future, long seconds) throws Exception {
    try {
      future.get(seconds, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  static void flip(Path file, int at) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(at);
      int before = bytes.read();
      bytes.seek(at);
      bytes.write(before ^ 8);
    }
  }

  /** As if the last records had never been written; Ratis itself would be content with that. */
  private static void cut(Path log) throws IOException {
    LogScan scan = LogScan.read(log.getParent(), -1);
    byte[] bytes = Files.readAllBytes(log);
    int at = Math.min(scan.openBytes(), bytes.length) * 2 / 3;
    java.util.Arrays.fill(bytes, at / 512 * 512, bytes.length, (byte) 0);
    Files.write(log, bytes);
  }

  private static void put(Path from, Path to) throws IOException {
    DurableFiles.deleteTree(to);
    copy(from, to);
  }

  private static void restore(Path good, Path data) throws IOException {
    DurableFiles.deleteTree(data);
    copy(good, data);
  }

  /** As somebody might who wants to get rid of a replica, and leaves the keys. */
  static void replicaGone(Path data) throws IOException {
    DurableFiles.deleteTree(data.resolve("raft"));
    DurableFiles.deleteTree(data.resolve("meta"));
    Files.delete(data.resolve("identity").resolve("node.properties"));
  }

  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Files.copy(path, to.resolve(from.relativize(path)));
      }
    }
  }
}
