package io.pandofs.meta.raft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the names of Ratis' log files tell. */
final class LogFiles {
  private static final Pattern NAME =
      Pattern.compile("log_(?:inprogress_(\\d{1,18})|(\\d{1,18})-(\\d{1,18}))");

  /**
   * A file of the log.
   *
   * @param last the last index; -1 for a file that is still written to
   */
  record Segment(Path file, long first, long last) {
    boolean isOpen() {
      return last < 0;
    }
  }

  private LogFiles() {}

  /** The files in order; none for a directory that does not exist. */
  static List<Segment> list(Path directory) throws IOException {
    List<Segment> segments = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (var files = Files.newDirectoryStream(directory, "log_*")) {
        for (Path file : files) {
          Matcher matcher = NAME.matcher(file.getFileName().toString());
          if (matcher.matches()) {
            segments.add(
                matcher.group(1) != null
                    ? new Segment(file, Long.parseLong(matcher.group(1)), -1)
                    : new Segment(
                        file, Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3))));
          }
        }
      }
    }
    segments.sort(Comparator.comparingLong(Segment::first));
    return segments;
  }

  /** The first index in the log; 0 for an empty log. */
  static long firstIndex(Path directory) throws IOException {
    List<Segment> segments = list(directory);
    return segments.isEmpty() ? 0 : segments.get(0).first();
  }
}
