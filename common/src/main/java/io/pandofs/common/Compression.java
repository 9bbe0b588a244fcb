package io.pandofs.common;

/**
 * How a store packs the bytes of blocks that it writes from now on. Stored by place: append only.
 */
public enum Compression {
  NONE,
  LZ4,
  ZSTD
}
