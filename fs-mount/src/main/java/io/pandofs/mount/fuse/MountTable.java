package io.pandofs.mount.fuse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What is mounted where, from /proc/self/mountinfo (proc(5)). Touches no mount. */
public final class MountTable {

  private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");

  private MountTable() {}

  /**
   * A line of the table.
   *
   * @param minor of the device number; for FUSE, the number of the kernel's connection
   */
  public record Row(Path mountPoint, int minor, String type) {}

  /** The mount on top at a place, if there is one. */
  public static Optional<Row> at(Path mountPoint) throws IOException {
    Row found = null;
    for (String line : Files.readAllLines(MOUNTINFO, StandardCharsets.ISO_8859_1)) {
      Row row = parse(line);
      if (row.mountPoint.equals(mountPoint)) {
        found = row;
      }
    }
    return Optional.ofNullable(found);
  }

  static Row parse(String line) {
    String[] fields = line.split(" ", -1);
    int minor = Integer.parseInt(fields[2].substring(fields[2].indexOf(':') + 1));
    int separator = 6;
    while (!fields[separator].equals("-")) {
      separator++;
    }
    return new Row(Path.of(unescape(fields[4])), minor, fields[separator + 1]);
  }

  /** Blanks, tabs, newlines and backslashes stand as three octal digits. */
  private static String unescape(String field) {
    byte[] bytes = field.getBytes(StandardCharsets.ISO_8859_1);
    byte[] out = new byte[bytes.length];
    int length = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\\' && i + 3 < bytes.length) {
        out[length++] = (byte) Integer.parseInt(field.substring(i + 1, i + 4), 8);
        i += 3;
      } else {
        out[length++] = bytes[i];
      }
    }
    return new String(out, 0, length, StandardCharsets.UTF_8);
  }
}
