package io.pandofs.meta;

import io.pandofs.common.Errno;
import org.jspecify.annotations.Nullable;

/**
 * The answer to one operation, the same on every replica and for every retry.
 *
 * @param attributes of the inode that the operation made or changed, as it left it; null where that
 *     says nothing (unlink, a failure). Of a refusal with LEASED: of the inode that is leased
 * @param number the first number of a granted range; of a refusal with LEASED the session that
 *     holds the lease; how many bytes moved or were copied; 1 for a lock that waits, or whose wait
 *     was given up; 0 otherwise
 */
public record Reply(Errno errno, @Nullable Attributes attributes, long number) {
  public static final Reply OK = new Reply(Errno.OK, null, 0);

  public static Reply failed(Errno errno) {
    return new Reply(errno, null, 0);
  }

  public static Reply of(Attributes attributes) {
    return new Reply(Errno.OK, attributes, 0);
  }
}
