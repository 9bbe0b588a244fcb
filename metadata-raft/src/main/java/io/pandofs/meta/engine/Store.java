package io.pandofs.meta.engine;

/** Ordered tables to read and change; reads see the changes made before. */
public interface Store extends ReadStore {
  /** Sets a key's value. */
  void put(Table table, byte[] key, byte[] value);

  /** Takes a key out; no error if it is not there. */
  void delete(Table table, byte[] key);
}
