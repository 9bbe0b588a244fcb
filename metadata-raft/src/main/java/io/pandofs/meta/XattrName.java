package io.pandofs.meta;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What names extended attributes may have, as Linux judges them before it asks a filesystem
 * (fs/xattr.c, xattr_resolve_name). FUSE passes them on unjudged.
 */
public final class XattrName {
  private static final int BYTES_MAX = 255;
  private static final String TRUSTED = "trusted.";
  private static final String CAPABILITY = "security.capability";
  private static final List<String> NAMESPACES = List.of("user.", TRUSTED, "security.");

  private XattrName() {}

  /**
   * Checks a name, for setting, getting and removing alike.
   *
   * @throws ErrnoException ERANGE for a bad length, EINVAL for a namespace alone or a NUL,
   *     EOPNOTSUPP outside of Linux's namespaces
   */
  public static void check(byte[] name) throws ErrnoException {
    if (name.length == 0 || name.length > BYTES_MAX) {
      throw new ErrnoException(Errno.ERANGE);
    }
    String text = text(name);
    if (NAMESPACES.contains(text) || text.indexOf('\0') >= 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    if (NAMESPACES.stream().noneMatch(text::startsWith) && Acl.Kind.of(name) == null) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
  }

  /** Whether a name is for who has CAP_SYS_ADMIN only (xattr(7)). */
  public static boolean isTrusted(byte[] name) {
    return text(name).startsWith(TRUSTED);
  }

  /**
   * The name of what a program gets when it is run (capabilities(7)). A change of the file's
   * content or owner takes it away.
   */
  public static byte[] capability() {
    return CAPABILITY.getBytes(StandardCharsets.ISO_8859_1);
  }

  public static boolean isCapability(byte[] name) {
    return text(name).equals(CAPABILITY);
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }
}
