package io.pandofs.meta.rocksdb;

/** Tables that are this node's own: written with apply, but neither replicated nor hashed. */
public enum LocalTable {
  /** Blocks that this node must hold and has not confirmed to hold. */
  NEED("local-need"),
  /** Blocks whose last reference went and that this node has not deleted. */
  DROP("local-drop"),
  /** The applied index, and what else the node wants to remember with the tables. */
  STATE("local-state");

  private final String columnFamily;

  LocalTable(String columnFamily) {
    this.columnFamily = columnFamily;
  }

  String columnFamily() {
    return columnFamily;
  }
}
