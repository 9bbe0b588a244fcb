package io.pandofs.meta;

import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;

/**
 * What stat(2) tells of an inode.
 *
 * @param permissions the low twelve bits of st_mode: rwx for three, setuid, setgid, sticky
 * @param uid unsigned 32 bits
 * @param gid unsigned 32 bits
 * @param links link count; 0 for an orphan
 * @param sizeBytes length of a file, of a symlink's target; of a directory, an implementation's
 *     number
 * @param allocatedBytes bytes that extents cover, before replication
 * @param device major and minor of a device, encoded as the kernel's dev_t; 0 otherwise
 */
public record Attributes(
    InodeId inode,
    FileType type,
    int permissions,
    int uid,
    int gid,
    int links,
    long sizeBytes,
    long allocatedBytes,
    long device,
    Timestamp accessed,
    Timestamp modified,
    Timestamp changed,
    Timestamp born) {

  /** st_mode: type and permissions. */
  public int mode() {
    return type.bits() | permissions;
  }

  public boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  public boolean isRegular() {
    return type == FileType.REGULAR;
  }
}
