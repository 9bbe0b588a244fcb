package io.pandofs.mount.fuse;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How to mount.
 *
 * @param mountPoint an empty directory
 * @param source what the mount table shows as the device; no comma
 * @param allowOther whether other users than the daemon's may use it
 * @param busyWait how long an unmount waits for files to be closed before it becomes lazy
 */
public record MountOptions(Path mountPoint, String source, boolean allowOther, Duration busyWait) {

  public MountOptions {
    mountPoint = mountPoint.toAbsolutePath().normalize();
    if (source.isEmpty() || source.indexOf(',') >= 0) {
      throw new IllegalArgumentException("not a name for a mount: " + source);
    }
  }

  public static MountOptions at(Path mountPoint) {
    return new MountOptions(mountPoint, "pando", true, Duration.ofSeconds(5));
  }
}
