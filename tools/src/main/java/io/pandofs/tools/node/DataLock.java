package io.pandofs.tools.node;

import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The lock on a node's data directory: held as long as the process lives, so that no second node
 * can touch it. The kernel drops it when the process dies.
 */
final class DataLock implements AutoCloseable {
  private final FileChannel channel;

  private DataLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Makes the directory if it is missing, and takes the lock. */
  static DataLock take(Path directory) throws Refusal {
    try {
      Files.createDirectories(directory);
      FileChannel channel =
          FileChannel.open(
              directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        channel.close();
        throw new Refusal(
            "Another node runs on the data directory "
                + directory
                + "; stop it, or give this one another data_dir.");
      }
      return new DataLock(channel);
    } catch (FileAlreadyExistsException e) {
      throw new Refusal("data_dir " + directory + " is not a directory; name one that is.", e);
    } catch (AccessDeniedException e) {
      throw new Refusal(
          "No permission to write in data_dir "
              + directory
              + "; run as its owner, or name another one.",
          e);
    } catch (IOException e) {
      throw new Refusal("Cannot use data_dir " + directory + ": " + e.getMessage() + ".", e);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
