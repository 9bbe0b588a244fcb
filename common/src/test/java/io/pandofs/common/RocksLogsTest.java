package io.pandofs.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RocksLogsTest {

  private static final int FULL = 1;
  private static final int RECYCLED_FULL = 5;
  private static final int RECYCLED_LAST_OF_PREDECESSOR = 131;

  @TempDir Path database;

  private static byte[] record(int length, int kind) {
    return ByteBuffer.allocate(7 + length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0x05050505)
        .putShort((short) length)
        .put((byte) kind)
        .array();
  }

  private void write(String name, byte[]... records) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] record : records) {
      all.write(record);
    }
    Files.write(database.resolve(name), all.toByteArray());
  }

  @Test
  void ordinaryRecordsAndNoDatabaseAreFine() throws IOException {
    assertThat(RocksLogs.damage(database.resolve("none"))).isNull();
    assertThat(RocksLogs.damage(database)).isNull();
    write("MANIFEST-000005", record(39, FULL), record(0, FULL), record(500, FULL));
    write("000007.log", record(3, FULL), new byte[4]);
    assertThat(RocksLogs.damage(database)).isNull();
  }

  @Test
  void aRecycledKindIsFoundWhereverItIs() throws IOException {
    write("MANIFEST-000005", record(39, FULL), record(100, RECYCLED_FULL), record(9, FULL));
    assertThat(RocksLogs.damage(database)).contains("MANIFEST-000005").contains("at 46");
    Files.delete(database.resolve("MANIFEST-000005"));
    // A record that fills its block but for the space of no header, and one in the next block.
    write(
        "000009.log",
        record((32 << 10) - 7 - 6, FULL),
        new byte[6],
        record(2, RECYCLED_LAST_OF_PREDECESSOR));
    assertThat(RocksLogs.damage(database)).contains("000009.log").contains("at 32768");
  }

  @Test
  void whatIsBehindZerosIsNotTakenForRecords() throws IOException {
    byte[] torn = new byte[512];
    torn[7 + 6] = RECYCLED_FULL;
    write("000007.log", record(3, FULL), torn);
    assertThat(RocksLogs.damage(database)).isNull();
    write("000007.log", record((32 << 10) - 7 - 14, FULL), new byte[14], record(2, RECYCLED_FULL));
    assertThat(RocksLogs.damage(database)).contains("at 32768");
  }

  /** A real record of a MANIFEST: the name of the comparator, with its CRC as RocksDB stores it. */
  @Test
  void aRecordThatWasFinishedIsNotTakenForATornOne() throws IOException {
    byte[] payload = "leveldb.BytewiseComparator".getBytes(StandardCharsets.US_ASCII);
    byte[] whole = record(payload.length, FULL);
    System.arraycopy(payload, 0, whole, 7, payload.length);
    CRC32C crc = new CRC32C();
    crc.update(whole, 6, payload.length + 1);
    int stored = Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putInt(stored);
    write("MANIFEST-000005", whole, record(3, FULL));
    assertThat(RocksLogs.damage(database)).isNull();
    whole[5] ^= 2;
    write("MANIFEST-000005", record(39, FULL), whole, record(3, FULL));
    assertThat(RocksLogs.damage(database)).contains("wrong length").contains("at 46");
    // Torn indeed: the file ends before the record does.
    whole[5] ^= 2;
    write("MANIFEST-000005", record(39, FULL), Arrays.copyOf(whole, whole.length - 1));
    assertThat(RocksLogs.damage(database)).isNull();
  }

  @Test
  void otherFilesAreNotLookedAt() throws IOException {
    write("000004.sst", record(1, RECYCLED_FULL));
    write("LOG", record(1, RECYCLED_FULL));
    assertThat(RocksLogs.damage(database)).isNull();
  }
}
