package io.pandofs.common;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Files and directories that survive a power cut. */
public final class DurableFiles {
  private DurableFiles() {}

  /** Syncs a file's bytes, or a directory's names. */
  public static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Syncs the names in the directory that a file is in. */
  public static void syncNamesAbove(Path file) throws IOException {
    sync(directoryOf(file));
  }

  /** Syncs all files and directories below, and the directory itself. */
  public static void syncTree(Path root) throws IOException {
    walk(root, DurableFiles::sync);
  }

  /** A step for one file, or for a directory whose entries have had theirs. */
  private interface Step {
    void take(Path path) throws IOException;
  }

  private static void walk(Path root, Step step) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            step.take(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            FileVisitResult result = super.postVisitDirectory(directory, failure);
            step.take(directory);
            return result;
          }
        });
  }

  /**
   * Puts the bytes under the name in one step: afterwards, or after a power cut, all or none. Goes
   * through a file with the same name and {@code .new} behind it.
   */
  public static void replace(Path file, byte[] bytes) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.write(fresh, bytes);
    sync(fresh);
    replace(file, fresh);
  }

  /**
   * Gives a file the name of another in the same directory, and takes its place: afterwards, or
   * after a power cut, one or the other has it.
   *
   * @param fresh whose bytes are on stable storage
   */
  public static void replace(Path file, Path fresh) throws IOException {
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncNamesAbove(file);
  }

  /** Deletes a file or a whole directory; nothing if it is not there. */
  public static void deleteTree(Path root) throws IOException {
    if (Files.exists(root)) {
      walk(root, Files::delete);
    }
  }

  /**
   * Makes the same files under a new directory, durably: those that are never written to by hard
   * links, the others by copies.
   *
   * @param linked the ending of names of files that are never written to
   * @param leftOut the ending of names of files that are not wanted
   */
  public static void cloneDirectory(Path from, Path to, String linked, String leftOut)
      throws IOException {
    Files.createDirectories(to);
    try (var files = Files.newDirectoryStream(from)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.endsWith(linked)) {
          Files.createLink(to.resolve(name), file);
        } else if (!name.endsWith(leftOut)) {
          Files.copy(file, to.resolve(name));
          sync(to.resolve(name));
        }
      }
    }
    sync(to);
    sync(directoryOf(to));
  }

  private static Path directoryOf(Path path) {
    Path parent = path.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException("no directory above " + path);
    }
    return parent;
  }
}
