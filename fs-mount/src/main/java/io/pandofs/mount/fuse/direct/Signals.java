package io.pandofs.mount.fuse.direct;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether a thread is being killed. The kernel sends FUSE_INTERRUPT for every signal, handled ones
 * as well; a local filesystem would let those wait.
 */
final class Signals {

  private static final String PENDING = "SigPnd:\t";
  private static final long SIGKILL = 1L << 8;

  private Signals() {}

  /**
   * A signal that ends the process, whichever it is, shows as a pending SIGKILL of each thread
   * (kernel/signal.c). False for a thread that is gone.
   */
  static boolean isBeingKilled(int thread) {
    if (thread <= 0) {
      return false;
    }
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + thread + "/status"))) {
        if (line.startsWith(PENDING)) {
          return (Long.parseUnsignedLong(line.substring(PENDING.length()), 16) & SIGKILL) != 0;
        }
      }
      return false;
    } catch (IOException e) {
      return false;
    }
  }
}
