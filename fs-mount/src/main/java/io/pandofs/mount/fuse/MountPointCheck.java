package io.pandofs.mount.fuse;

import io.pandofs.mount.fuse.MountException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether something can be mounted at a place. Whatever is mounted there may be dead or hang,
 * so it is touched only by a child process with a time limit.
 */
public final class MountPointCheck {

  private static final Logger LOG = LoggerFactory.getLogger(MountPointCheck.class);

  private static final Path DEVICE = Path.of("/dev/fuse");
  private static final int PROBE_SECONDS = 5;
  private static final int STACKED_MAX = 16;

  private MountPointCheck() {}

  /**
   * Clears a dead mount of Pando away, then checks.
   *
   * @return the mount point's true path
   */
  public static Path prepare(Path mountPoint) throws MountException {
    Path place = resolve(mountPoint);
    try {
      clearDead(place);
      checkDirectory(place);
    } catch (IOException e) {
      throw new MountException(Reason.REFUSED, "Cannot look at " + place + ": " + e, e);
    }
    checkDevice();
    return place;
  }

  /** The true path; the last name itself is not touched. */
  private static Path resolve(Path mountPoint) throws MountException {
    Path parent = mountPoint.getParent();
    Path name = mountPoint.getFileName();
    if (parent == null || name == null) {
      throw new MountException(Reason.UNSUITABLE, "The root directory cannot be a mount point.");
    }
    try {
      return parent.toRealPath().resolve(name);
    } catch (IOException e) {
      throw new MountException(
          Reason.MISSING, "The mount point " + mountPoint + " does not exist.", e);
    }
  }

  private static void clearDead(Path place) throws IOException, MountException {
    for (int i = 0; i < STACKED_MAX; i++) {
      Optional<MountTable.Row> row = MountTable.at(place);
      if (row.isEmpty()) {
        return;
      }
      if (!row.get().type().equals(Transport.FILESYSTEM_TYPE) || !isDead(place)) {
        throw new MountException(
            Reason.ALREADY_MOUNTED,
            "Something is mounted at " + place + " already (" + row.get().type() + ").");
      }
      LOG.info("taking away the dead mount at {}", place);
      detach(place);
    }
  }

  /** Whether the mount's daemon is gone: ENOTCONN, or ECONNABORTED of a call it left unanswered. */
  private static boolean isDead(Path place) throws IOException {
    Outcome outcome = run(List.of("stat", "--format=%i", place.toString()));
    return outcome.code != 0
        && (outcome.text.contains("endpoint is not connected")
            || outcome.text.contains("caused connection abort"));
  }

  /** Takes a mount out of the tree; who uses it goes on until he is done. */
  public static void detach(Path place) throws IOException {
    Outcome outcome = run(List.of("umount", "-l", place.toString()));
    if (outcome.code != 0) {
      outcome = run(List.of("fusermount", "-u", "-z", place.toString()));
    }
    if (outcome.code != 0) {
      throw new IOException("cannot unmount " + place + ": " + outcome.text.strip());
    }
  }

  private record Outcome(int code, String text) {}

  private static Outcome run(List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    Process process = builder.start();
    try {
      if (!process.waitFor(PROBE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(String.join(" ", command) + " does not come back");
      }
      byte[] output = process.getInputStream().readAllBytes();
      return new Outcome(process.exitValue(), new String(output, StandardCharsets.UTF_8));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static void checkDirectory(Path place) throws IOException, MountException {
    if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
      throw new MountException(Reason.MISSING, "The mount point " + place + " does not exist.");
    }
    if (!Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
      throw new MountException(
          Reason.NOT_A_DIRECTORY, "The mount point " + place + " is not a directory.");
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(place)) {
      if (entries.iterator().hasNext()) {
        throw new MountException(Reason.NOT_EMPTY, "The mount point " + place + " is not empty.");
      }
    }
  }

  private static void checkDevice() throws MountException {
    if (!Files.exists(DEVICE)) {
      throw new MountException(
          Reason.NO_FUSE_DEVICE,
          "There is no /dev/fuse: load the kernel's fuse module, or give the container the device.");
    }
    if (!Files.isReadable(DEVICE) || !Files.isWritable(DEVICE)) {
      throw new MountException(
          Reason.NO_PERMISSION, "This user may not open /dev/fuse for reading and writing.");
    }
  }
}
