package io.pandofs.common;

/** How a store packs the bytes of blocks that it writes from now on. */
public enum Compression {
  NONE(0),
  LZ4(1),
  ZSTD(2);

  private final int code;

  Compression(int code) {
    this.code = code;
  }

  /** What stands for it in tables. */
  public int code() {
    return code;
  }

  /**
   * What a code stands for.
   *
   * @throws IllegalArgumentException for nothing
   */
  public static Compression ofCode(int code) {
    for (Compression each : values()) {
      if (each.code == code) {
        return each;
      }
    }
    throw new IllegalArgumentException("no compression has the code " + code);
  }
}
