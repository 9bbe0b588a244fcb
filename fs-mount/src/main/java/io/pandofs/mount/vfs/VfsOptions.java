package io.pandofs.mount.vfs;

import io.pandofs.common.config.MountFlags.AccessTime;
import java.time.Duration;

/**
 * The sizes of a mount.
 *
 * @param dirtyBytesMax written bytes that are not yet committed; a writer waits when it is reached
 * @param cacheBytesMax bytes of blocks kept for readers, read-ahead included
 * @param readAheadBytesMax how far a sequential reader is read ahead of
 * @param writeBackAge how old written bytes may grow before they are committed without being asked
 * @param accessTime when reading moves atime
 * @param patience how long a call waits for its data to be committed, or for room, while nothing at
 *     all is, before it fails with EIO
 * @param leasePatience how long a call waits for a lease of another mount before it fails with EIO:
 *     longer than the session of a machine that has died
 * @param syncOnWrite whether each write(2) waits until its data is committed, as with O_DSYNC
 * @param syncOnClose whether close(2) waits until the file's data is committed
 */
public record VfsOptions(
    long dirtyBytesMax,
    long cacheBytesMax,
    int readAheadBytesMax,
    Duration writeBackAge,
    AccessTime accessTime,
    Duration patience,
    Duration leasePatience,
    boolean syncOnWrite,
    boolean syncOnClose) {

  public static final VfsOptions DEFAULT =
      new VfsOptions(
          64L << 20,
          64L << 20,
          4 << 20,
          Duration.ofSeconds(1),
          AccessTime.RELATIME,
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          false,
          false);

  public VfsOptions {
    if (dirtyBytesMax <= 0 || cacheBytesMax <= 0 || readAheadBytesMax < 0) {
      throw new IllegalArgumentException("sizes must be positive");
    }
    if (writeBackAge.isNegative() || writeBackAge.isZero()) {
      throw new IllegalArgumentException("the age must be positive");
    }
  }
}
