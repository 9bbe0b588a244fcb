package io.pandofs.meta.rocksdb;

/** The last log entry whose changes the tables hold; index -1 when there is none. */
public record AppliedIndex(long term, long index) {
  public static final AppliedIndex NONE = new AppliedIndex(0, -1);
}
