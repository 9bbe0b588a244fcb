package io.pandofs.mount.fuse;

import io.pandofs.common.Errno;

/** The extended attributes that a mount does not have, answered without a look. */
public final class RefusedXattrs {

  private static final String CAPABILITY = "security.capability";
  private static final String ACL_PREFIX = "system.posix_acl_";

  private RefusedXattrs() {}

  /**
   * OK, or what to answer at once. A kernel that is not told otherwise asks for the capability
   * before every write; POSIX ACLs would be stored and not obeyed, so they are refused.
   */
  public static Errno refusalToGet(String name) {
    if (name.equals(CAPABILITY)) {
      return Errno.ENODATA;
    }
    return name.startsWith(ACL_PREFIX) ? Errno.EOPNOTSUPP : Errno.OK;
  }
}
