package io.pandofs.mount.fuse.jnr;

import io.pandofs.common.Errno;

/** The extended attributes that this transport does not have, answered without a look. */
final class RefusedXattrs {

  private static final String CAPABILITY = "security.capability";
  private static final String ACL_PREFIX = "system.posix_acl_";

  private RefusedXattrs() {}

  /**
   * OK, or what to answer at once. The kernel asks for the capability before every write; access
   * control lists would not be obeyed, since libfuse2 cannot ask the kernel to.
   */
  static Errno refusalToGet(String name) {
    if (name.equals(CAPABILITY)) {
      return Errno.ENODATA;
    }
    return name.startsWith(ACL_PREFIX) ? Errno.EOPNOTSUPP : Errno.OK;
  }
}
