package io.pandofs.tools.node;

import io.pandofs.common.ErrnoException;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * Commits what was written to a mount and ends it. Most is committed while programs still use it,
 * and what they wrote meanwhile after it is unmounted. Who asks for this has no handle that would
 * tell of a loss (see {@code Vfs.sync}), so losses are counted before and after. One use.
 */
final class LastCommit {
  private final Steps steps;

  /** What a mount can do; as {@code Vfs} and {@code Mount} have it. */
  interface Steps {
    void sync() throws ErrnoException;

    long losses();

    /** Of how many files data was lost without that anybody was told. */
    long untoldFiles();

    /** What was written and is not committed is kept. */
    void unmount();

    /** What was written and is not committed is lost. */
    void close();
  }

  LastCommit(Steps steps) {
    this.steps = steps;
  }

  /**
   * As {@link LastSync.LastMount#syncAndClose}. When it throws before the unmounting, the mount
   * goes on; after it, what can still be committed is kept, and this may be done anew.
   */
  void run(BooleanSupplier stillLeaving) throws IOException {
    long before = steps.losses();
    sync("its mount cannot commit what was written: ");
    refuseIfLost(before);
    if (!stillLeaving.getAsBoolean()) {
      throw new IOException(
          "it is not to leave any more, or that took too long, and its mount goes on");
    }
    steps.unmount();
    sync("its mount is gone, but not all is committed: ");
    steps.close();
    refuseIfLost(before);
  }

  private void sync(String trouble) throws IOException {
    try {
      steps.sync();
    } catch (ErrnoException e) {
      throw new IOException(trouble + e.getMessage(), e);
    }
  }

  private void refuseIfLost(long before) throws IOException {
    if (steps.losses() != before) {
      throw new IOException(
          "written data was lost while it was committed; of "
              + steps.untoldFiles()
              + " files nobody was told yet");
    }
  }
}
