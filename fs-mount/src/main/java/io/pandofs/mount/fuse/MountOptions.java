package io.pandofs.mount.fuse;

import io.pandofs.common.config.MountFlags;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * How to mount.
 *
 * @param mountPoint an empty directory
 * @param source what the mount table shows as the device; no comma
 * @param allowOther whether other users than the daemon's may use it
 * @param flags what it allows
 * @param busyWait how long an unmount waits for files to be closed before it becomes lazy
 * @param state how the mount is: {@link #OK}, or a word for what it lacks; asked at any time
 */
public record MountOptions(
    Path mountPoint,
    String source,
    boolean allowOther,
    MountFlags flags,
    Duration busyWait,
    Supplier<String> state) {

  /** The state of a mount that lacks nothing. */
  public static final String OK = "ok";

  /** The word of a mount whose session is over: the next call registers a new one. */
  public static final String EXPIRED = "expired";

  public MountOptions {
    mountPoint = mountPoint.toAbsolutePath().normalize();
    if (source.isEmpty() || source.indexOf(',') >= 0) {
      throw new IllegalArgumentException("not a name for a mount: " + source);
    }
  }

  public static MountOptions at(Path mountPoint) {
    return new MountOptions(
        mountPoint, "pando", true, MountFlags.NONE, Duration.ofSeconds(5), () -> OK);
  }

  public MountOptions withState(Supplier<String> wanted) {
    return new MountOptions(mountPoint, source, allowOther, flags, busyWait, wanted);
  }

  public MountOptions withFlags(MountFlags wanted) {
    return new MountOptions(mountPoint, source, allowOther, wanted, busyWait, state);
  }
}
