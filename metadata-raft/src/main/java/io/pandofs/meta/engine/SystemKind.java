package io.pandofs.meta.engine;

/** What the system table keeps; the first byte of its keys. */
enum SystemKind {
  SUPERBLOCK(1),
  INODE_COUNTER(2),
  BLOCK_COUNTER(3),
  SESSION_COUNTER(4),
  NODE_COUNTER(5),
  STATS(6),
  PLACEMENT(7),
  NODE(8),
  RECOVERY_COUNTER(9),
  TOKEN(20),
  NODE_KEY(21);

  private final int code;

  SystemKind(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
