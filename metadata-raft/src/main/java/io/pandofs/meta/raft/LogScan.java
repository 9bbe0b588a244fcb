package io.pandofs.meta.raft;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.thirdparty.com.google.protobuf.InvalidProtocolBufferException;
import org.jspecify.annotations.Nullable;

/**
 * Reads all of a Ratis log before Ratis does, and tells a record whose write was never finished
 * from damage. Ratis by itself either refuses both or accepts both, and takes a file that ends
 * within a record for a log that is merely shorter.
 *
 * <p>A record is acknowledged after it is synced, and with it all before it. A power cut may leave
 * any of the sectors of a sync that was not finished, and a file of its old length. A record of the
 * last file is therefore harmless, and called torn, when a sector of it was never written: it holds
 * the zeros the file was prepared with, or the file ends before it. Nobody was told of that record
 * nor of one behind it, so the log ends there. What is known to have been committed was synced, so
 * no record up to there is torn. Everything else that does not read as it should is damage.
 *
 * <p>A file is "RaftLog1", then records: length of the entry (varint), entry, CRC32C of both (u32);
 * then zeros.
 */
final class LogScan {
  private static final byte[] HEADER = "RaftLog1".getBytes(StandardCharsets.US_ASCII);
  private static final int SECTOR = 512;

  private static final int RECORD_BYTES_MAX = RaftSettings.ENTRY_BYTES_MAX + (2 << 20);
  private static final int CHECKSUM_BYTES = 4;
  private static final int VARINT_BYTES_MAX = 5;

  private final long evidence;
  private long first = -1;
  private long last = -1;
  private long lastTerm;
  private @Nullable Torn torn;
  private @Nullable Path open;
  private int openBytes;

  /**
   * A record that was never finished; the log ends before it.
   *
   * @param offset where it begins
   * @param index its index
   */
  record Torn(Path file, int offset, long index) {}

  private LogScan(long evidence) {
    this.evidence = evidence;
  }

  /**
   * Reads the log in this directory; one that does not exist is empty.
   *
   * @param evidence the last index that is known to have been synced; -1 for none
   * @throws DamagedException with the file and the place
   */
  static LogScan read(Path directory, long evidence) throws IOException {
    LogScan scan = new LogScan(evidence);
    List<LogFiles.Segment> segments = LogFiles.list(directory);
    for (int i = 0; i < segments.size(); i++) {
      scan.file(segments.get(i), i == segments.size() - 1);
    }
    return scan;
  }

  /** The first index; -1 for an empty log. */
  long first() {
    return first;
  }

  /** The last index; -1 for an empty log. */
  long last() {
    return last;
  }

  /** The term of the last entry; 0 for an empty log. */
  long lastTerm() {
    return lastTerm;
  }

  /** The record that was never finished; null when there is none. */
  @Nullable Torn torn() {
    return torn;
  }

  /** The file that is still written to; null when there is none. */
  @Nullable Path open() {
    return open;
  }

  /** How many bytes of that file are header and whole records. */
  int openBytes() {
    return openBytes;
  }

  private void file(LogFiles.Segment segment, boolean newest) throws IOException {
    byte[] bytes = Files.readAllBytes(segment.file());
    if (segment.isOpen() && !newest) {
      throw damaged(segment, 0, "another file follows the one that is still written to");
    }
    if (last >= 0 && segment.first() != last + 1) {
      throw damaged(segment, 0, "the log before it ends at " + last);
    }
    int at = header(segment, bytes);
    long expected = segment.first();
    while (at > 0 && !zeros(bytes, at)) {
      int next = record(segment, bytes, at, expected);
      if (next < 0) {
        if (mayBeTorn(segment, expected) && isTorn(bytes, at)) {
          torn = new Torn(segment.file(), at, expected);
          break;
        }
        throw damaged(segment, at, "entry " + expected + " is not what was written");
      }
      at = next;
      expected++;
    }
    if (!segment.isOpen() && expected != segment.last() + 1) {
      throw damaged(segment, at, "it ends at " + (expected - 1));
    }
    if (first < 0 && expected > segment.first()) {
      first = segment.first();
    }
    last = Math.max(last, expected - 1 < segment.first() ? -1 : expected - 1);
    if (segment.isOpen()) {
      open = segment.file();
      openBytes = at;
    }
  }

  private boolean mayBeTorn(LogFiles.Segment segment, long index) {
    return segment.isOpen() && index > evidence;
  }

  /** Where records begin; 0 when the header was never finished. */
  private int header(LogFiles.Segment segment, byte[] bytes) throws DamagedException {
    int length = Math.min(HEADER.length, bytes.length);
    int same = 0;
    while (same < length && bytes[same] == HEADER[same]) {
      same++;
    }
    if (same == HEADER.length) {
      return same;
    }
    if (segment.isOpen() && zeros(bytes, same)) {
      return 0;
    }
    if (mayBeTorn(segment, segment.first()) && hasHole(bytes, 0, HEADER.length)) {
      torn = new Torn(segment.file(), 0, segment.first());
      return 0;
    }
    throw damaged(segment, 0, "it does not begin as a log");
  }

  /** Where the record ends; -1 when it is not one. */
  private int record(LogFiles.Segment segment, byte[] bytes, int at, long expected)
      throws DamagedException {
    int entry = payload(bytes, at);
    if (entry < 0) {
      return -1;
    }
    int end = end(bytes, at, entry);
    if (end < 0 || end > bytes.length) {
      return -1;
    }
    if (crc(bytes, at, end - CHECKSUM_BYTES) != sum(bytes, end)) {
      return -1;
    }
    LogEntryProto read;
    try {
      read = LogEntryProto.parseFrom(ByteBuffer.wrap(bytes, entry, end - CHECKSUM_BYTES - entry));
    } catch (InvalidProtocolBufferException e) {
      throw damaged(segment, at, "entry " + expected + " makes no sense");
    }
    if (read.getIndex() != expected || read.getTerm() < lastTerm) {
      throw damaged(
          segment,
          at,
          "entry " + read.getTerm() + "/" + read.getIndex() + " is where " + expected + " belongs");
    }
    lastTerm = read.getTerm();
    return end;
  }

  private static int crc(byte[] bytes, int from, int to) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, to - from);
    return (int) crc.getValue();
  }

  /** Where the entry of a record begins, after its length; -1 when that has no end. */
  private static int payload(byte[] bytes, int at) {
    for (int i = at; i < Math.min(at + VARINT_BYTES_MAX, bytes.length); i++) {
      if (bytes[i] >= 0) {
        return i + 1;
      }
    }
    return -1;
  }

  /** Where a record ends by its own account; -1 when no record is that long. */
  private static int end(byte[] bytes, int at, int entry) {
    long length = 0;
    for (int i = at; i < entry; i++) {
      length |= (long) (bytes[i] & 0x7f) << (7 * (i - at));
    }
    return length <= 0 || length > RECORD_BYTES_MAX ? -1 : (int) (entry + length) + CHECKSUM_BYTES;
  }

  /** Whether what begins here, and is no record, can only be one that was never synced. */
  private static boolean isTorn(byte[] bytes, int at) {
    int entry = payload(bytes, at);
    int end = entry < 0 ? -1 : end(bytes, at, entry);
    if (end < 0) {
      end = Math.max(edge(at), at + VARINT_BYTES_MAX); // of the length itself there must be a hole
    }
    return (end > bytes.length || hasHole(bytes, at, end)) && !isWholeWithAnotherLength(bytes, at);
  }

  /** Where the next sector begins. */
  private static int edge(int at) {
    return at / SECTOR * SECTOR + SECTOR;
  }

  /** Whether all that lies in one of the sectors from here to there is zero. */
  private static boolean hasHole(byte[] bytes, int from, int to) {
    for (int at = from; at < to; at = edge(at)) {
      int end = Math.min(edge(at), Math.min(to, bytes.length));
      int zero = at;
      while (zero < end && bytes[zero] == 0) {
        zero++;
      }
      if (zero == end) {
        return true;
      }
    }
    return false;
  }

  /** Whether nothing is wrong but the length, which then points behind the record's true end. */
  private static boolean isWholeWithAnotherLength(byte[] bytes, int at) {
    int written = bytes.length;
    while (written > at && bytes[written - 1] == 0) {
      written--;
    }
    return isWholeButForABit(bytes, at) || isWholeUpTo(bytes, at, written);
  }

  /** Whether another bit in the length makes it a record. */
  private static boolean isWholeButForABit(byte[] bytes, int at) {
    byte[] head = Arrays.copyOfRange(bytes, at, at + VARINT_BYTES_MAX);
    for (int bit = 0; bit < 8 * VARINT_BYTES_MAX; bit++) {
      head[bit / 8] ^= (byte) (1 << bit % 8);
      int entry = payload(head, 0);
      int end = entry < 0 ? -1 : end(head, 0, entry);
      if (end >= 0 && end <= bytes.length - at && bit / 8 < entry) {
        CRC32C crc = new CRC32C();
        crc.update(head, 0, entry);
        crc.update(bytes, at + entry, end - CHECKSUM_BYTES - entry);
        if ((int) crc.getValue() == sum(bytes, at + end)) {
          return true;
        }
      }
      head[bit / 8] ^= (byte) (1 << bit % 8);
    }
    return false;
  }

  /** The checksum of a record that ends here. */
  private static int sum(byte[] bytes, int end) {
    return ByteBuffer.wrap(bytes, end - CHECKSUM_BYTES, CHECKSUM_BYTES).getInt();
  }

  /** Whether a length makes it a record that ends where the file's last written byte is. */
  private static boolean isWholeUpTo(byte[] bytes, int at, int written) {
    for (int size = 1; size <= VARINT_BYTES_MAX; size++) {
      for (int end = written; end < Math.min(written + CHECKSUM_BYTES, bytes.length); end++) {
        int length = end - CHECKSUM_BYTES - at - size;
        byte[] varint = length <= 0 ? new byte[0] : varint(length);
        if (varint.length == size) {
          CRC32C crc = new CRC32C();
          crc.update(varint);
          crc.update(bytes, at + size, length);
          if ((int) crc.getValue() == sum(bytes, end)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private static byte[] varint(int value) {
    byte[] bytes = new byte[VARINT_BYTES_MAX];
    int size = 0;
    int rest = value;
    while (rest > 0x7f) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
    return Arrays.copyOf(bytes, size);
  }

  private static boolean zeros(byte[] bytes, int from) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private static DamagedException damaged(LogFiles.Segment segment, int at, String why) {
    return new DamagedException(
        "the log is damaged in " + segment.file() + " at byte " + at + ": " + why);
  }
}
