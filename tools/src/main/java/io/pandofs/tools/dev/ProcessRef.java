package io.pandofs.tools.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process that cannot be mistaken for a later one with the same number.
 *
 * @param startTicks when it started, in clock ticks since the boot (field 22 of /proc/PID/stat)
 * @param boot the boot's identity
 */
record ProcessRef(long pid, long startTicks, String boot) {
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  /** Fields of /proc/PID/stat after the name in brackets: state is the first, start the 20th. */
  private static final int START_FIELD = 19;

  /** What a process is doing. */
  enum State {
    RUNNING,
    PAUSED,
    GONE
  }

  /** The running process of this number. */
  static ProcessRef of(long pid) throws IOException {
    return new ProcessRef(pid, Long.parseLong(stat(pid)[START_FIELD]), thisBoot());
  }

  /** From {@link #toText}; empty when the text is something else. */
  static Optional<ProcessRef> parse(String text) {
    String[] words = text.strip().split(" ", -1);
    if (words.length != 3 || !words[0].matches("[0-9]{1,9}") || !words[1].matches("[0-9]{1,18}")) {
      return Optional.empty();
    }
    return Optional.of(
        new ProcessRef(Long.parseLong(words[0]), Long.parseLong(words[1]), words[2]));
  }

  String toText() {
    return pid + " " + startTicks + " " + boot + "\n";
  }

  /**
   * What it is doing now; GONE also when another process has its number, or when it is a zombie.
   */
  State state() {
    try {
      String[] stat = stat(pid);
      if (Long.parseLong(stat[START_FIELD]) != startTicks || !thisBoot().equals(boot)) {
        return State.GONE;
      }
      return switch (stat[0]) {
        case "T", "t" -> State.PAUSED;
        case "Z", "X" -> State.GONE;
        default -> State.RUNNING;
      };
    } catch (IOException e) {
      return State.GONE;
    }
  }

  /** The fields after the name, which may itself contain spaces and brackets. */
  private static String[] stat(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
    if (fields.length <= START_FIELD) {
      throw new IOException("strange /proc/" + pid + "/stat");
    }
    return fields;
  }

  private static String thisBoot() throws IOException {
    return Files.readString(BOOT).strip();
  }
}
