package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemoryStoreTest extends StoreContract {
  @Override
  protected Store store() {
    return new MemoryStore();
  }

  @Test
  void aCopyGoesItsOwnWay() {
    MemoryStore store = new MemoryStore();
    store.put(Table.INODES, bytes(1), bytes(1));
    MemoryStore copy = store.copy();
    store.put(Table.INODES, bytes(1), bytes(2));
    copy.put(Table.INODES, bytes(2), bytes(3));
    assertThat(copy.get(Table.INODES, bytes(1))).isEqualTo(bytes(1));
    assertThat(store.get(Table.INODES, bytes(2))).isNull();
  }
}
