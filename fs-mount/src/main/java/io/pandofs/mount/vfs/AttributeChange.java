package io.pandofs.mount.vfs;

import io.pandofs.common.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * What chmod(2), chown(2), truncate(2) and utimensat(2) ask for; what is null stays.
 *
 * @param permissions twelve bits
 */
public record AttributeChange(
    @Nullable Integer permissions,
    @Nullable Integer uid,
    @Nullable Integer gid,
    @Nullable Long sizeBytes,
    @Nullable TimeChange accessed,
    @Nullable TimeChange modified) {

  public static AttributeChange permissions(int permissions) {
    return new AttributeChange(permissions, null, null, null, null, null);
  }

  public static AttributeChange owner(@Nullable Integer uid, @Nullable Integer gid) {
    return new AttributeChange(null, uid, gid, null, null, null);
  }

  public static AttributeChange size(long sizeBytes) {
    return new AttributeChange(null, null, null, sizeBytes, null, null);
  }

  public static AttributeChange times(
      @Nullable TimeChange accessed, @Nullable TimeChange modified) {
    return new AttributeChange(null, null, null, null, accessed, modified);
  }

  /** Whether all stays but what any chown(2) takes away: set-user-id, set-group-id. */
  public boolean isNone() {
    return equals(new AttributeChange(null, null, null, null, null, null));
  }

  static @Nullable Timestamp resolve(@Nullable TimeChange change, Timestamp now) {
    if (change == null) {
      return null;
    }
    return change instanceof TimeChange.At at ? at.time() : now;
  }
}
