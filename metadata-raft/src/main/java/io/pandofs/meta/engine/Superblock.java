package io.pandofs.meta.engine;

import io.pandofs.common.Timestamp;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * What makes a volume this volume.
 *
 * @param format version of the tables as a whole
 * @param featureLevel gates each change of the engine's behaviour
 * @param hashKey0 with {@code hashKey1} the key of the hash of names
 * @param hashBits how many bits of the hash are used: 48; a test takes fewer to see names collide
 */
record Superblock(
    int format,
    int featureLevel,
    long volumeId,
    long hashKey0,
    long hashKey1,
    int hashBits,
    Timestamp born) {
  static final int FORMAT = 1;
  static final int FEATURE_LEVEL = 1;
  static final int HASH_BITS = 48;
  private static final int VERSION = 1;

  /** A new volume's; its hash key follows from its id, which is chosen at random. */
  static Superblock create(long volumeId, Timestamp born) {
    MessageDigest digest = TableHash.sha256();
    digest.update("pando names".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    digest.update(new RowWriter(VERSION).i64(volumeId).time(born).toBytes());
    ByteBuffer key = ByteBuffer.wrap(digest.digest());
    return new Superblock(
        FORMAT, FEATURE_LEVEL, volumeId, key.getLong(), key.getLong(), HASH_BITS, born);
  }

  /**
   * The volume of these tables; null if they hold none.
   *
   * @throws StoreException if a newer version made them: it would be read wrong
   */
  static @Nullable Superblock find(ReadStore tables) {
    byte[] row = tables.get(Table.SYSTEM, Keys.system(SystemKind.SUPERBLOCK));
    if (row == null) {
      return null;
    }
    RowReader in = new RowReader(Table.SYSTEM, row, VERSION);
    int format = in.i32();
    if (format != FORMAT) {
      throw new StoreException("the tables are of format " + format + ", this is " + FORMAT);
    }
    Superblock found =
        new Superblock(format, in.i32(), in.i64(), in.i64(), in.i64(), in.u8(), in.time());
    in.end();
    if (found.featureLevel > FEATURE_LEVEL) {
      throw new StoreException(
          "the volume has features of level "
              + found.featureLevel
              + ", this version knows them up to "
              + FEATURE_LEVEL);
    }
    return found;
  }

  static Superblock load(ReadStore tables) {
    Superblock found = find(tables);
    if (found == null) {
      throw new StoreException("the tables hold no volume");
    }
    return found;
  }

  void save(Store store) {
    store.put(
        Table.SYSTEM,
        Keys.system(SystemKind.SUPERBLOCK),
        new RowWriter(VERSION)
            .i32(format)
            .i32(featureLevel)
            .i64(volumeId)
            .i64(hashKey0)
            .i64(hashKey1)
            .u8(hashBits)
            .time(born)
            .toBytes());
  }

  /** The hash of a name; its largest value is left out, so that a cookie fits into 63 bits. */
  long hash(byte[] name) {
    long hash = SipHash.hash(hashKey0, hashKey1, name) >>> (Long.SIZE - hashBits);
    return Math.min(hash, (1L << HASH_BITS) - 2);
  }
}
