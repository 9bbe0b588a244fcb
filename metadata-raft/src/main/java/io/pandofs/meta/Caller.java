package io.pandofs.meta;

/** Who makes a system call: effective ids, unsigned 32 bits each. */
public record Caller(int uid, int gid) {
  public static final Caller ROOT = new Caller(0, 0);

  public boolean isRoot() {
    return uid == 0;
  }
}
