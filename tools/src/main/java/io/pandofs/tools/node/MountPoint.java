package io.pandofs.tools.node;

import io.pandofs.mount.fuse.MountException;
import io.pandofs.mount.fuse.MountPointCheck;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Looks at a mount point before anything is started, so that a mistake is told at once. A mount
 * that a killed daemon left there is taken away; whoever calls holds the lock of the data directory
 * that mounts there.
 */
public final class MountPoint {
  private static final Path FUSE_CONF = Path.of("/etc/fuse.conf");

  private MountPoint() {}

  /** Refuses unless a mount can be made there. */
  public static void check(Path point, Path dataDirectory) throws Refusal {
    try {
      Path real = MountPointCheck.prepare(point);
      Path realData = dataDirectory.toRealPath();
      if (real.startsWith(realData) || realData.startsWith(real)) {
        throw new Refusal(
            "The mount point "
                + point
                + " and data_dir "
                + dataDirectory
                + " lie one in the other: Pando would store itself in itself.");
      }
      if (!isRoot() && !othersAllowed()) {
        throw new Refusal(
            "A user other than root may share a mount only if /etc/fuse.conf has the line"
                + " user_allow_other: add it.");
      }
    } catch (MountException e) {
      throw new Refusal(e.getMessage() + hint(e.reason(), point), e);
    } catch (IOException e) {
      throw new Refusal("Cannot look at the mount point " + point + ": " + e.getMessage() + ".", e);
    }
  }

  private static String hint(MountException.Reason reason, Path point) {
    return switch (reason) {
      case MISSING -> " Make it: mkdir " + point;
      case NOT_EMPTY -> " A mount would hide what is in it; name another one.";
      case ALREADY_MOUNTED -> " Unmount it, or name another one.";
      case NO_PERMISSION -> " Run as root, or as a user who may mount.";
      default -> "";
    };
  }

  private static boolean isRoot() throws IOException {
    return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
  }

  private static boolean othersAllowed() throws IOException {
    if (!Files.exists(FUSE_CONF)) {
      return false;
    }
    try (Stream<String> lines = Files.lines(FUSE_CONF)) {
      return lines.anyMatch(line -> line.strip().equals("user_allow_other"));
    }
  }
}
