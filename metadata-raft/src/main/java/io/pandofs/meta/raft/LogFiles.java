package io.pandofs.meta.raft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the names of Ratis' log files tell. */
final class LogFiles {
  private static final Pattern NAME = Pattern.compile("log_(?:inprogress_(\\d+)|(\\d+)-\\d+)");

  private LogFiles() {}

  /** The first index in the log; 0 for an empty log. */
  static long firstIndex(Path directory) throws IOException {
    long first = Long.MAX_VALUE;
    if (Files.isDirectory(directory)) {
      try (var files = Files.newDirectoryStream(directory, "log_*")) {
        for (Path file : files) {
          Matcher matcher = NAME.matcher(file.getFileName().toString());
          if (matcher.matches()) {
            String start = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
            first = Math.min(first, Long.parseLong(start));
          }
        }
      }
    }
    return first == Long.MAX_VALUE ? 0 : first;
  }
}
