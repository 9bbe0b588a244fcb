package io.pandofs.meta;

/**
 * The permission bits that an inode loses when it is changed (Linux: setattr_should_drop_suidgid).
 * FUSE leaves most of it to the filesystem. For anything but directories.
 */
public final class Privileges {
  private static final int SETUID = 04000;
  private static final int SETGID = 02000;
  private static final int GROUP_EXECUTE = 010;

  private Privileges() {}

  /** What is left after a write, truncation or allocation: root's takes nothing. */
  public static int afterWrite(int permissions, int gid, Caller caller) {
    return caller.isRoot() ? permissions : afterChangeOfOwner(permissions, gid, caller);
  }

  /** What is left after a change of owner, root's too. */
  public static int afterChangeOfOwner(int permissions, int gid, Caller caller) {
    boolean mayKeepSetgid = caller.isRoot() || caller.gid() == gid;
    boolean groupExecutes = (permissions & GROUP_EXECUTE) != 0;
    int left = permissions & ~SETUID;
    return groupExecutes || !mayKeepSetgid ? left & ~SETGID : left;
  }
}
