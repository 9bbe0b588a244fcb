package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OverlayStoreTest extends StoreContract {
  private static final int STEPS = 4000;
  private static final int UNAPPLIED_MAX = 20;
  private static final Table TABLE = Table.EXTENTS;

  @Override
  protected Store store() {
    return new OverlayStore(new MemoryStore(), new MemoryStore(), 1);
  }

  /** A row as an operation has left it; gone without a value. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Written(byte[] key, byte @Nullable [] value) {
    void to(Store store) {
      if (value == null) {
        store.delete(TABLE, key);
      } else {
        store.put(TABLE, key, value);
      }
    }
  }

  /** What was written and is not below yet. */
  private record Unapplied(long number, List<Written> rows, List<OverlayStore.Place> places) {}

  /** Rows that come to the tables below operation by operation, against a store that has it all. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aRowIsOverTheTablesUntilTheyHaveIt(long seed) {
    Random random = new Random(seed);
    MemoryStore below = new MemoryStore();
    MemoryStore whole = new MemoryStore();
    MemoryStore rows = new MemoryStore();
    Deque<Unapplied> unapplied = new ArrayDeque<>();
    for (int step = 1; step <= STEPS; step++) {
      if (unapplied.size() > random.nextInt(UNAPPLIED_MAX)) {
        Unapplied first = unapplied.remove();
        first.rows.forEach(row -> row.to(below));
        for (OverlayStore.Place place : first.places) {
          OverlayStore.settle(rows, place, first.number);
        }
      } else {
        List<Written> written = draw(random);
        OverlayStore over = new OverlayStore(rows.copy(), below, step);
        written.forEach(row -> row.to(over));
        written.forEach(row -> row.to(whole));
        rows = over.rows();
        unapplied.add(new Unapplied(step, written, over.written()));
      }
      byte[] key = key(random);
      OverlayStore seen = new OverlayStore(rows.copy(), below, 0);
      assertThat(seen.get(TABLE, key)).isEqualTo(whole.get(TABLE, key));
      assertThat(told(seen.floor(TABLE, key))).isEqualTo(told(whole.floor(TABLE, key)));
      byte[] end = key(random);
      assertThat(all(seen, key, end)).isEqualTo(all(whole, key, end));
      if (step % 50 == 0) {
        assertThat(all(seen, bytes(), null)).isEqualTo(all(whole, bytes(), null));
      }
    }
    assertThat(all(whole, bytes(), null)).hasSizeGreaterThan(20);
  }

  private static List<Written> draw(Random random) {
    List<Written> written = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      byte[] value = {(byte) random.nextInt()};
      written.add(new Written(key(random), random.nextInt(5) < 2 ? null : value));
    }
    return written;
  }

  private static byte[] key(Random random) {
    return bytes(random.nextInt(3), random.nextInt(20));
  }

  private static @Nullable String told(ReadStore.@Nullable Row row) {
    return row == null ? null : Arrays.toString(row.key()) + Arrays.toString(row.value());
  }

  private static List<String> all(ReadStore store, byte[] from, byte @Nullable [] to) {
    List<String> all = new ArrayList<>();
    try (ReadStore.Cursor rows = store.scan(TABLE, from, to)) {
      while (rows.next()) {
        all.add(told(new ReadStore.Row(rows.key(), rows.value())));
      }
    }
    return all;
  }

  @Test
  void totalsAreLeftAlone() {
    MemoryStore below = new MemoryStore();
    below.put(Table.SYSTEM, bytes(1), bytes(1));
    OverlayStore over = new OverlayStore(new MemoryStore(), below, 1);
    over.put(Table.SYSTEM, bytes(1), bytes(2));
    assertThat(over.get(Table.SYSTEM, bytes(1))).isEqualTo(bytes(1));
    assertThat(over.written()).isEmpty();
  }
}
