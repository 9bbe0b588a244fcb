package io.pandofs.meta;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import org.jspecify.annotations.Nullable;

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
 * @param holder the live session that has the lease of the inode itself, as its view shows it; as a
 *     view of nobody shows it, the one whose lease covers the inode; null if there is none, and in
 *     replies: what that session has written and not sent yet is not in here
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
    Timestamp born,
    @Nullable SessionId holder) {

  /** Of an inode that nobody holds a lease on. */
  public Attributes(
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
    this(
        inode,
        type,
        permissions,
        uid,
        gid,
        links,
        sizeBytes,
        allocatedBytes,
        device,
        accessed,
        modified,
        changed,
        born,
        null);
  }

  /** The same with other permissions. */
  public Attributes withPermissions(int others) {
    return new Attributes(
        inode,
        type,
        others,
        uid,
        gid,
        links,
        sizeBytes,
        allocatedBytes,
        device,
        accessed,
        modified,
        changed,
        born,
        holder);
  }

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
