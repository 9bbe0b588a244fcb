package io.pandofs.tools.node;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.mounts.DeadMounts;
import io.pandofs.tools.mounts.MountTable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at a mount point before anything is mounted there, and removes a mount that a killed daemon
 * left. Whoever calls holds the lock of the data directory that mounts there.
 */
final class MountPoint {
  private static final Logger LOG = LoggerFactory.getLogger(MountPoint.class);
  private static final Path DEVICE = Path.of("/dev/fuse");
  private static final Path FUSE_CONF = Path.of("/etc/fuse.conf");
  private static final int PATIENCE_SECONDS = 5;

  private MountPoint() {}

  /** Refuses unless a mount can be made there. */
  static void prepare(Path point, Path dataDirectory) throws Refusal {
    checkFuse();
    try {
      removeDeadMount(point);
      checkDirectory(point, dataDirectory);
    } catch (IOException e) {
      throw new Refusal("Cannot look at the mount point " + point + ": " + e.getMessage() + ".", e);
    }
  }

  private static void checkFuse() throws Refusal {
    if (!Files.exists(DEVICE)) {
      throw new Refusal(
          "This machine has no /dev/fuse; load it with modprobe fuse, or in a container pass"
              + " --device /dev/fuse.");
    }
    try {
      FileChannel.open(DEVICE, StandardOpenOption.READ, StandardOpenOption.WRITE).close();
    } catch (IOException e) {
      throw new Refusal(
          "No permission to open /dev/fuse ("
              + e.getMessage()
              + "); run as root, or as a user who may mount.",
          e);
    }
    if (!isRoot() && !othersAllowed()) {
      throw new Refusal(
          "A user other than root may share a mount only if /etc/fuse.conf has the line"
              + " user_allow_other; add it.");
    }
  }

  private static boolean isRoot() throws Refusal {
    try {
      return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException e) {
      throw new Refusal("Cannot read /proc/self: " + e.getMessage() + "; mount /proc.", e);
    }
  }

  private static boolean othersAllowed() throws Refusal {
    try (Stream<String> lines = Files.lines(FUSE_CONF)) {
      return lines.anyMatch(line -> line.strip().equals("user_allow_other"));
    } catch (IOException e) {
      throw new Refusal(
          "Cannot read /etc/fuse.conf (" + e.getMessage() + "); install the package fuse3.", e);
    }
  }

  private static void removeDeadMount(Path point) throws Refusal, IOException {
    if (!MountTable.read().isMounted(point)) {
      return;
    }
    if (!MountTable.read().isFuse(point) || !isDead(point)) {
      throw new Refusal(
          "Something is mounted at " + point + " already; unmount it, or mount elsewhere.");
    }
    try {
      if (!DeadMounts.clean(point)) {
        throw new Refusal("A dead mount is at " + point + "; remove it: umount -l " + point);
      }
      LOG.info("removed the dead mount at {}", point);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal("Interrupted while removing the dead mount at " + point + ".", e);
    }
  }

  /** Whether its daemon is gone: a look at it fails at once rather than answers or hangs. */
  private static boolean isDead(Path point) throws Refusal {
    CompletableFuture<Boolean> alive = new CompletableFuture<>();
    Thread look =
        new Thread(
            () -> alive.complete(Files.exists(point, LinkOption.NOFOLLOW_LINKS)), "mount-look");
    look.setDaemon(true);
    look.start();
    try {
      return !alive.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new Refusal(
          "Something is mounted at "
              + point
              + " and does not answer; unmount it: umount -l "
              + point,
          e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("looking at " + point, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal("Interrupted while looking at " + point + ".", e);
    }
  }

  private static void checkDirectory(Path point, Path dataDirectory) throws Refusal, IOException {
    if (!Files.exists(point)) {
      throw new Refusal("The mount point " + point + " does not exist; make it: mkdir " + point);
    }
    if (!Files.isDirectory(point)) {
      throw new Refusal("The mount point " + point + " is not a directory; name one that is.");
    }
    Path real = point.toRealPath();
    Path realData = dataDirectory.toRealPath();
    if (real.startsWith(realData) || realData.startsWith(real)) {
      throw new Refusal(
          "The mount point "
              + point
              + " and data_dir "
              + dataDirectory
              + " lie one in the other; Pando would store itself in itself.");
    }
    if (!Files.isReadable(point)) {
      throw new Refusal("No permission to read the mount point " + point + "; run as its owner.");
    }
    try (Stream<Path> entries = Files.list(point)) {
      if (entries.findAny().isPresent()) {
        throw new Refusal(
            "The mount point " + point + " is not empty; a mount would hide what is there.");
      }
    }
  }
}
