package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.CodedOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logs made by hand, and what power cuts and bad disks leave of them. */
class LogScanTest {
  private static final int PREPARED = 64 << 10;
  private static final int SECTOR = 512;

  @TempDir Path dir;

  private final Random random = new Random(7);
  private final List<Integer> starts = new ArrayList<>();
  private byte[] whole = {};
  private int end;

  /** A closed file with entries 0 to 4 and an open one with 5 to 24, prepared with zeros. */
  @BeforeEach
  void makeLog() throws IOException {
    ByteArrayOutputStream closed = begun();
    for (int i = 0; i < 5; i++) {
      closed.write(record(1, i, 40));
    }
    Files.write(dir.resolve("log_0-4"), closed.toByteArray());
    ByteArrayOutputStream open = begun();
    for (int i = 5; i < 25; i++) {
      starts.add(open.size());
      open.write(record(2, i, 100 + random.nextInt(1500)));
    }
    end = open.size();
    whole = Arrays.copyOf(open.toByteArray(), PREPARED);
    write(whole);
  }

  private static ByteArrayOutputStream begun() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write("RaftLog1".getBytes(StandardCharsets.US_ASCII));
    return out;
  }

  private byte[] record(long term, long index, int size) throws IOException {
    byte[] data = new byte[size];
    random.nextBytes(data);
    byte[] entry =
        LogEntryProto.newBuilder()
            .setTerm(term)
            .setIndex(index)
            .setStateMachineLogEntry(
                StateMachineLogEntryProto.newBuilder().setLogData(ByteString.copyFrom(data)))
            .build()
            .toByteArray();
    int length = CodedOutputStream.computeUInt32SizeNoTag(entry.length);
    ByteBuffer out = ByteBuffer.allocate(length + entry.length + 4);
    byte[] varint = new byte[length];
    CodedOutputStream.newInstance(varint).writeUInt32NoTag(entry.length);
    out.put(varint).put(entry);
    CRC32C crc = new CRC32C();
    crc.update(out.array(), 0, out.position());
    return out.putInt((int) crc.getValue()).array();
  }

  private Path open() {
    return dir.resolve("log_inprogress_5");
  }

  private void write(byte[] bytes) throws IOException {
    Files.write(open(), bytes);
  }

  @Test
  void aWholeLogIsRead() throws IOException {
    LogScan scan = LogScan.read(dir, -1);
    assertThat(scan.first()).isZero();
    assertThat(scan.last()).isEqualTo(24);
    assertThat(scan.lastTerm()).isEqualTo(2);
    assertThat(scan.torn()).isNull();
    assertThat(scan.openBytes()).isEqualTo(end);
    write(Arrays.copyOf(whole, end));
    assertThat(LogScan.read(dir, -1).last()).as("without prepared zeros").isEqualTo(24);
    assertThat(LogScan.read(dir.resolve("none"), -1).last()).isEqualTo(-1);
  }

  /** Every sector from some place on was never written: at most whole records are missing. */
  @Test
  void sectorsThatWereNeverWrittenMakeATornTail() throws IOException {
    int torn = 0;
    for (int edge = SECTOR; edge < end; edge += SECTOR) {
      byte[] cut = whole.clone();
      Arrays.fill(cut, edge, end, (byte) 0);
      write(cut);
      LogScan scan = LogScan.read(dir, -1);
      int before = edge;
      long expected = 4 + starts.stream().filter(start -> start < before).count();
      boolean between = starts.contains(edge);
      assertThat(scan.last()).as("cut at %d", edge).isEqualTo(between ? expected : expected - 1);
      assertThat(scan.torn() != null).isEqualTo(!between);
      torn++;
    }
    assertThat(torn).isGreaterThan(10);
  }

  /** The first record that has bytes there. */
  private long firstIn(int from, int to) {
    int i = 0;
    while (i + 1 < starts.size() && starts.get(i + 1) <= from) {
      i++;
    }
    assertThat(starts.get(i)).isLessThan(to);
    return 5L + i;
  }

  /** A sync that was not finished has left all of its sectors but one. */
  @Test
  void aSectorThatAloneWasNeverWrittenEndsTheLog() throws IOException {
    Files.writeString(dir.resolve("raft-meta"), "votedFor=\nterm=2\n");
    for (int hole = 0; hole < end; hole += SECTOR) {
      byte[] left = whole.clone();
      Arrays.fill(left, hole, hole + SECTOR, (byte) 0);
      write(left);
      long lost = hole == 0 ? 5 : firstIn(hole, Math.min(end, hole + SECTOR));
      new LogCheck(new RaftFiles(dir)).run(true, null, lost - 1, -1, -1);
      LogScan scan = LogScan.read(dir, lost - 1);
      assertThat(scan.last()).as("hole at %d", hole).isEqualTo(lost - 1);
      assertThat(scan.torn()).as("it was written anew").isNull();
      assertThat(Files.size(open())).isEqualTo(scan.openBytes());
    }
  }

  /** The file was made longer for the sync, and its new length is not on the disk. */
  @Test
  void aFileThatEndsWithinARecordThatNobodyKnowsOfEndsTheLog() throws IOException {
    for (int length = starts.get(18) + 1; length < end; length += 1 + random.nextInt(30)) {
      write(Arrays.copyOf(whole, length));
      boolean between = length == starts.get(19);
      LogScan scan = LogScan.read(dir, 22);
      assertThat(scan.last()).isEqualTo(length < starts.get(19) ? 22 : 23);
      assertThat(scan.torn() != null).as("length %d", length).isEqualTo(!between);
    }
  }

  @Test
  void everyFlippedBitIsDamage() throws IOException {
    for (int i = 0; i < 3000; i++) {
      int at = random.nextInt(end);
      byte[] flipped = whole.clone();
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      write(flipped);
      assertThatThrownBy(() -> LogScan.read(dir, -1))
          .as("flip in byte %d of %d", at, end)
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining("log_inprogress_5");
    }
    write(whole);
    byte[] closed = Files.readAllBytes(dir.resolve("log_0-4"));
    for (int at = 0; at < closed.length; at++) {
      byte[] flipped = closed.clone();
      flipped[at] ^= 4;
      Files.write(dir.resolve("log_0-4"), flipped);
      assertThatThrownBy(() -> LogScan.read(dir, -1)).isInstanceOf(DamagedException.class);
    }
  }

  /** The record seems to end elsewhere then: behind the file, or where nothing was written. */
  @Test
  void aFlippedBitInALengthIsDamage() throws IOException {
    for (int start : starts) {
      for (int bit = 0; bit < 16; bit++) {
        byte[] flipped = whole.clone();
        flipped[start + bit / 8] ^= (byte) (1 << bit % 8);
        write(flipped);
        assertThatThrownBy(() -> LogScan.read(dir, -1))
            .as("bit %d of the record at %d", bit, start)
            .isInstanceOf(DamagedException.class);
      }
    }
  }

  /** Each bit of the last record, whose damage looks most like a torn tail. */
  @Test
  void aFlippedBitInTheLastRecordIsDamage() throws IOException {
    for (int at = starts.get(starts.size() - 1); at < end; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] flipped = whole.clone();
        flipped[at] ^= (byte) (1 << bit);
        write(flipped);
        assertThatThrownBy(() -> LogScan.read(dir, -1))
            .as("bit %d of byte %d", bit, at)
            .isInstanceOf(DamagedException.class);
      }
    }
  }

  @Test
  void whatWasSyncedAndIsGoneIsDamage() throws IOException {
    byte[] hole = whole.clone();
    Arrays.fill(hole, 4 * SECTOR, 5 * SECTOR, (byte) 0);
    write(hole);
    long lost = firstIn(4 * SECTOR, 5 * SECTOR);
    assertThat(LogScan.read(dir, lost - 1).last()).isEqualTo(lost - 1);
    assertThatThrownBy(() -> LogScan.read(dir, lost)).isInstanceOf(DamagedException.class);
    write(Arrays.copyOf(whole, end - 3));
    assertThatThrownBy(() -> LogScan.read(dir, 24))
        .as("a file that ends within a record")
        .isInstanceOf(DamagedException.class);
    write(whole);
    Files.delete(dir.resolve("log_0-4"));
    Files.write(dir.resolve("log_0-3"), new byte[0]);
    assertThatThrownBy(() -> LogScan.read(dir, -1)).isInstanceOf(DamagedException.class);
  }

  @Test
  void aMarkReadsOnlyWhole() throws IOException {
    Path file = dir.resolve("MARK");
    assertThat(LogMark.read(file)).isNull();
    LogMark mark = new LogMark(77, 5, "n3", 1234, 60);
    mark.write(file);
    assertThat(LogMark.read(file)).isEqualTo(mark);
    byte[] bytes = Files.readAllBytes(file);
    for (int at = 0; at < bytes.length; at++) {
      byte[] flipped = bytes.clone();
      flipped[at] ^= 1;
      Files.write(file, flipped);
      assertThat(LogMark.read(file)).isNull();
    }
    Files.write(file, Arrays.copyOf(bytes, 9));
    assertThat(LogMark.read(file)).isNull();
  }

  private static LogEntryProto voters(long term, long index, String... ids) {
    RaftConfigurationProto.Builder voters = RaftConfigurationProto.newBuilder();
    for (String id : ids) {
      voters.addPeers(RaftPeerProto.newBuilder().setId(ByteString.copyFromUtf8(id)));
    }
    return LogEntryProto.newBuilder()
        .setTerm(term)
        .setIndex(index)
        .setConfigurationEntry(voters)
        .build();
  }

  private void judge(LogEntryProto marked, LogEntryProto found) throws IOException {
    Files.writeString(dir.resolve("raft-meta"), "votedFor=\nterm=2\n");
    Path file = dir.resolve("raft-meta.conf");
    Files.write(file, marked.toByteArray());
    LogMark mark = new RaftFiles(dir).mark(20);
    Files.write(file, found.toByteArray());
    new LogCheck(new RaftFiles(dir)).run(true, mark, 20, -1, -1);
  }

  @Test
  void theFileOfVotersIsWrittenAgainWithWhatTheLogBrings() throws IOException {
    LogEntryProto now = voters(2, 20, "n1", "n2");
    judge(now, now);
    // It had come with a checkpoint, and now it was applied.
    judge(voters(0, 20, "n2", "n1"), now);
    // Those before it are applied again, and it will be.
    judge(now, voters(1, 3, "n1"));
    assertThatThrownBy(() -> judge(now, voters(2, 20, "n1", "n3")))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("voters");
    assertThatThrownBy(() -> judge(voters(2, 25, "n1", "n2"), voters(1, 3, "n1")))
        .as("it was put back, and the log does not have the newer one")
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("voters");
  }
}
