package io.pandofs.block.net;

/** Numbers of the block protocol, version 1 (docs/formats.md). */
final class BlockMethods {
  static final int PUT = 1;
  static final int READ = 2;
  static final int HAVE = 3;

  /** Blocks that are asked for at a time. */
  static final int HAVE_MAX = 1024;

  static final int PUT_STORED = 0;
  static final int PUT_SESSION_OVER = 1;
  static final int PUT_STALE_PLACEMENT = 2;
  static final int PUT_FULL = 3;

  static final int READ_BYTES = 0;
  static final int READ_MISSING = 1;
  static final int READ_DAMAGED = 2;

  private BlockMethods() {}
}
