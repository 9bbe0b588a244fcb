package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What every store must do. */
public abstract class StoreContract {
  /** An empty store. */
  protected abstract Store store() throws Exception;

  @Test
  void aValueComesBackUntilItIsDeleted() throws Exception {
    Store store = store();
    store.put(Table.INODES, bytes(1), bytes(7));
    assertThat(store.get(Table.INODES, bytes(1))).isEqualTo(bytes(7));
    assertThat(store.get(Table.DENTRIES, bytes(1))).isNull();
    store.put(Table.INODES, bytes(1), bytes());
    assertThat(store.get(Table.INODES, bytes(1))).isEmpty();
    store.delete(Table.INODES, bytes(1));
    store.delete(Table.INODES, bytes(1));
    assertThat(store.get(Table.INODES, bytes(1))).isNull();
  }

  @Test
  void keysAreOrderedAsUnsignedBytes() throws Exception {
    Store store = store();
    for (int key : new int[] {0xff, 0x80, 0x7f, 0}) {
      store.put(Table.EXTENTS, bytes(key), bytes(key));
    }
    store.put(Table.EXTENTS, bytes(0x7f, 0), bytes(1));
    assertThat(keys(store, bytes(), null))
        .containsExactly("[0]", "[127]", "[127, 0]", "[-128]", "[-1]");
    assertThat(keys(store, bytes(0x7f), bytes(0x80))).containsExactly("[127]", "[127, 0]");
    assertThat(keys(store, bytes(0x80), bytes(0x80))).isEmpty();
    assertThat(keys(store, bytes(0xff), bytes(0x01))).isEmpty();
  }

  @Test
  void aCursorStandsOnARowOnlyAfterNext() throws Exception {
    Store store = store();
    store.put(Table.EXTENTS, bytes(1), bytes(2));
    try (ReadStore.Cursor rows = store.scan(Table.EXTENTS, bytes(), null)) {
      assertThatThrownBy(rows::key).isInstanceOf(IllegalStateException.class);
      assertThat(rows.next()).isTrue();
      assertThat(rows.next()).isFalse();
      assertThat(rows.next()).isFalse();
      assertThatThrownBy(rows::value).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void randomChangesAreThoseOfASortedMap() throws Exception {
    long seed = 0x5eed;
    Random random = new Random(seed);
    Store store = store();
    TreeMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
    for (int i = 0; i < 4000; i++) {
      byte[] key = new byte[1 + random.nextInt(2)];
      random.nextBytes(key);
      if (random.nextInt(3) == 0) {
        store.delete(Table.XATTRS, key);
        model.remove(key);
      } else {
        byte[] value = new byte[random.nextInt(3)];
        random.nextBytes(value);
        store.put(Table.XATTRS, key, value);
        model.put(key, value);
      }
      Map.Entry<byte[], byte[]> floor = model.floorEntry(key);
      ReadStore.Row row = store.floor(Table.XATTRS, key);
      assertThat(row == null ? null : row.key())
          .as("seed %s step %s", seed, i)
          .isEqualTo(floor == null ? null : floor.getKey());
      if (i % 100 == 0) {
        compare(store, model, seed);
      }
    }
    compare(store, model, seed);
  }

  private static void compare(Store store, TreeMap<byte[], byte[]> model, long seed) {
    List<String> expected = new ArrayList<>();
    model.forEach((key, value) -> expected.add(Arrays.toString(key) + Arrays.toString(value)));
    List<String> found = new ArrayList<>();
    try (ReadStore.Cursor rows = store.scan(Table.XATTRS, bytes(), null)) {
      while (rows.next()) {
        found.add(Arrays.toString(rows.key()) + Arrays.toString(rows.value()));
      }
    }
    assertThat(found).as("seed %s", seed).isEqualTo(expected);
  }

  private static List<String> keys(Store store, byte[] from, byte[] to) {
    List<String> keys = new ArrayList<>();
    try (ReadStore.Cursor rows = store.scan(Table.EXTENTS, from, to)) {
      while (rows.next()) {
        keys.add(Arrays.toString(rows.key()));
      }
    }
    return keys;
  }

  /** Bytes of these numbers. */
  protected static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
