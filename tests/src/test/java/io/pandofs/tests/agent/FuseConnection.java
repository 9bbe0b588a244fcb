package io.pandofs.tests.agent;

import io.pandofs.mount.fuse.FuseControl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Frees callers that wait for a FUSE daemon which does not answer. Looks only at {@code
 * /proc/self/mountinfo} and {@code /sys/fs/fuse}: a stat of the mount itself would wait like all
 * others.
 */
public final class FuseConnection {
  private FuseConnection() {}

  /**
   * Aborts the connection that serves {@code directory}; false when it lies on no FUSE mount or the
   * abort is not allowed.
   */
  public static boolean abort(Path directory) {
    Optional<Integer> minor = minorOf(directory.toAbsolutePath());
    if (minor.isEmpty()) {
      return false;
    }
    try {
      FuseControl.abort(minor.get());
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** The minor device number of the FUSE mount that holds {@code directory}, by name alone. */
  static Optional<Integer> minorOf(Path directory) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/mountinfo"))) {
      return lines
          .map(line -> line.split(" ", -1))
          .filter(words -> directory.startsWith(Path.of(words[4].replace("\\040", " "))))
          .max(Comparator.comparingInt(words -> words[4].length()))
          .filter(words -> String.join(" ", words).contains(" - fuse"))
          .map(words -> Integer.valueOf(words[2].substring(words[2].indexOf(':') + 1)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
