package io.pandofs.tools.mounts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** What is mounted where, read from /proc/self/mountinfo: never touches a mount, dead or alive. */
public final class MountTable {
  private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");
  private static final int MOUNT_POINT = 4;
  private static final String SEPARATOR = " - ";

  private final Map<Path, String> types;

  private MountTable(Map<Path, String> types) {
    this.types = types;
  }

  public static MountTable read() throws IOException {
    Map<Path, String> types = new HashMap<>();
    for (String line : Files.readAllLines(MOUNTINFO)) {
      String[] fields = line.split(" ");
      int separator = line.indexOf(SEPARATOR);
      if (fields.length > MOUNT_POINT && separator > 0) {
        String type = line.substring(separator + SEPARATOR.length()).split(" ")[0];
        types.put(Path.of(unescape(fields[MOUNT_POINT])), type);
      }
    }
    return new MountTable(types);
  }

  /** Blanks and backslashes are written as three octal digits. */
  private static String unescape(String text) {
    return text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }

  /** Whether something is mounted exactly there. */
  public boolean isMounted(Path point) throws IOException {
    return types.containsKey(real(point));
  }

  /** Whether a FUSE filesystem is mounted exactly there, of whatever kind. */
  public boolean isFuse(Path point) throws IOException {
    return types.getOrDefault(real(point), "").startsWith("fuse");
  }

  /** The parent is resolved, the mount point itself is not: it may be dead. */
  private static Path real(Path point) throws IOException {
    Path absolute = point.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    return parent == null || !Files.exists(parent)
        ? absolute
        : parent.toRealPath().resolve(absolute.getFileName());
  }
}
