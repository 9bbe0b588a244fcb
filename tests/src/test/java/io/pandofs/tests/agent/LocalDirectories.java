package io.pandofs.tests.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Where the tests find the machine's own filesystem. */
public final class LocalDirectories {
  private LocalDirectories() {}

  /**
   * A writable directory on ext4: of the temporary directories and the checkout, the first that is
   * one. Where none is (a container on overlayfs), the first on a disk at all.
   */
  public static Path reference() {
    List<Path> candidates =
        Stream.of(
                System.getProperty("java.io.tmpdir"),
                "/var/tmp",
                System.getProperty("pando.root"),
                "/root")
            .filter(Objects::nonNull)
            .map(Path::of)
            .filter(Files::isWritable)
            .toList();
    return candidates.stream()
        .filter(directory -> type(directory).equals("ext4"))
        .findFirst()
        .or(
            () ->
                candidates.stream()
                    .filter(directory -> !type(directory).equals("tmpfs"))
                    .findFirst())
        .orElseThrow(() -> new IllegalStateException("no directory on a disk among " + candidates));
  }

  private static String type(Path directory) {
    try {
      return Files.getFileStore(directory).type();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
