package io.pandofs.tools.node;

import io.pandofs.mount.fuse.MountTable;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the mount of this process when it stays stopped (PROTOCOL 20): a request that a stopped
 * daemon has read cannot be interrupted by who made it. A shell of its own, in a session of its
 * own, looks at this process every two seconds, and ends by itself when this process is gone. It is
 * no second Java: it must weigh nothing. Thread-safe.
 */
final class Watchdog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
  private static final File NOTHING = new File("/dev/null");

  /**
   * Arguments: process, number of the FUSE connection, seconds. Of /proc/PID/stat behind the name:
   * the first word is the state, the twentieth the time of the start, by which another process with
   * the same number is known.
   */
  private static final String SCRIPT =
      """
      pid=$1 connection=$2 limit=$3 born= stopped=0
      look() { state=$1; shift 19; now=$1; }
      while sleep 2; do
        read -r line 2>/dev/null < "/proc/$pid/stat" || exit 0
        look ${line##*) }
        [ "${born:=$now}" = "$now" ] || exit 0
        case $state in
          T|t) stopped=$((stopped + 2)) ;;
          *) stopped=0 ;;
        esac
        if [ "$stopped" -ge "$limit" ]; then
          connections=/sys/fs/fuse/connections
          [ -e "$connections/$connection" ] || mount -t fusectl fusectl "$connections"
          echo 1 > "$connections/$connection/abort"
          exit 0
        fi
      done
      """;

  private final Process process;

  private Watchdog(Process process) {
    this.process = process;
  }

  /**
   * Watches this process, which serves this mount point.
   *
   * @param limit zero: nothing is watched
   */
  static Optional<Watchdog> start(Path mountPoint, Duration limit) {
    if (limit.isZero()) {
      return Optional.empty();
    }
    try {
      Optional<MountTable.Row> row = MountTable.at(mountPoint);
      if (row.isEmpty()) {
        LOG.warn("no watchdog: {} is not in the mount table", mountPoint);
        return Optional.empty();
      }
      Process process =
          new ProcessBuilder(
                  "setsid",
                  "sh",
                  "-c",
                  SCRIPT,
                  "pando-watchdog",
                  Long.toString(ProcessHandle.current().pid()),
                  Integer.toString(row.get().minor()),
                  Long.toString(Math.max(1, limit.toSeconds())))
              .redirectInput(NOTHING)
              .redirectOutput(NOTHING)
              .redirectError(NOTHING)
              .start();
      return Optional.of(new Watchdog(process));
    } catch (IOException e) {
      LOG.warn("no watchdog: a daemon that is stopped leaves its callers waiting", e);
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    process.destroy();
  }
}
