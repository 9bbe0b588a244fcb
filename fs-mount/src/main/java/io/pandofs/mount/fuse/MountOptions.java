package io.pandofs.mount.fuse;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * How to mount.
 *
 * @param mountPoint an empty directory
 * @param source what the mount table shows as the device; no comma
 * @param allowOther whether other users than the daemon's may use it
 * @param busyWait how long an unmount waits for files to be closed before it becomes lazy
 * @param state how the mount is: {@link #OK}, or a word for what it lacks; asked at any time
 */
public record MountOptions(
    Path mountPoint, String source, boolean allowOther, Duration busyWait, Supplier<String> state) {

  /** The state of a mount that lacks nothing. */
  public static final String OK = "ok";

  public MountOptions {
    mountPoint = mountPoint.toAbsolutePath().normalize();
    if (source.isEmpty() || source.indexOf(',') >= 0) {
      throw new IllegalArgumentException("not a name for a mount: " + source);
    }
  }

  public static MountOptions at(Path mountPoint) {
    return new MountOptions(mountPoint, "pando", true, Duration.ofSeconds(5), () -> OK);
  }

  public MountOptions withState(Supplier<String> wanted) {
    return new MountOptions(mountPoint, source, allowOther, busyWait, wanted);
  }
}
