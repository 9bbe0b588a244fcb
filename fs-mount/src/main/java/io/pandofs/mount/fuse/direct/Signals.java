package io.pandofs.mount.fuse.direct;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Whether a thread is being killed. The kernel sends FUSE_INTERRUPT for every signal, handled ones
 * as well; a local filesystem would let those wait.
 */
final class Signals {

  private static final long KILL = bit(9);

  /** CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG and WINCH end nobody (signal(7), x86 and ARM). */
  private static final long HARMLESS =
      bit(17) | bit(18) | bit(19) | bit(20) | bit(21) | bit(22) | bit(23) | bit(28);

  private Signals() {}

  private static long bit(int signal) {
    return 1L << (signal - 1);
  }

  /** False for a thread that is gone. */
  static boolean isBeingKilled(int thread) {
    if (thread <= 0) {
      return false;
    }
    try {
      return isBeingKilled(Files.readAllLines(Path.of("/proc/" + thread + "/status")));
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * A signal that ends a process shows as a pending SIGKILL of each thread (kernel/signal.c); one
   * that makes it dump core shows as itself, until it is delivered.
   *
   * @param status /proc/PID/status
   */
  static boolean isBeingKilled(List<String> status) {
    long own = mask(status, "SigPnd");
    long pending = own | mask(status, "ShdPnd");
    long harmless =
        HARMLESS | mask(status, "SigBlk") | mask(status, "SigIgn") | mask(status, "SigCgt");
    return (own & KILL) != 0 || (pending & ~harmless) != 0;
  }

  private static long mask(List<String> status, String name) {
    for (String line : status) {
      if (line.startsWith(name + ":")) {
        return Long.parseUnsignedLong(line.substring(name.length() + 1).strip(), 16);
      }
    }
    return 0;
  }
}
