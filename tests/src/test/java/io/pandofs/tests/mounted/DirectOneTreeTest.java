package io.pandofs.tests.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tests.cluster.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

final class DirectOneTreeTest extends OneTree {
  private static final Duration LIMIT = Duration.ofMinutes(3);

  /** Adds one to a number in a file under a lock of fcntl(2), so many times. */
  private static final String COUNT =
      """
      import fcntl, os, sys
      fd = os.open(sys.argv[1], os.O_RDWR)
      for _ in range(int(sys.argv[2])):
          fcntl.lockf(fd, fcntl.LOCK_EX, 8, 0)
          number = int(os.pread(fd, 8, 0))
          os.pwrite(fd, b"%08d" % (number + 1), 0)
          fcntl.lockf(fd, fcntl.LOCK_UN, 8, 0)
      """;

  DirectOneTreeTest() {
    super("direct", true);
  }

  private static void allOk(List<Commands.Running> programs)
      throws IOException, InterruptedException {
    for (Commands.Running program : programs) {
      program.await().ok();
    }
  }

  @Test
  void countersUnderLocksOfAllMountsLoseNothing() throws IOException, InterruptedException {
    Path first = mounts().get(0);
    Commands.bash(LIMIT, "printf 00000000 > \"$1/posix\" && echo 0 > \"$1/flock\"", first).ok();
    List<Commands.Running> programs = new ArrayList<>();
    for (Path mount : mounts()) {
      programs.add(
          Commands.startBash(
              LIMIT,
              "for i in 1 2 3 4 5 6 7 8; do flock \"$1/guard\""
                  + " sh -c 'echo $(($(cat \"$0\") + 1)) > \"$0\"' \"$1/flock\" || exit; done",
              mount));
      for (int i = 0; i < 2; i++) {
        programs.add(
            Commands.startBash(
                LIMIT, "exec python3 -c \"$1\" \"$2\" 15", COUNT, mount.resolve("posix")));
      }
    }
    allOk(programs);
    for (Path mount : mounts()) {
      assertThat(Commands.bash(LIMIT, "cat \"$1/posix\" \"$1/flock\"", mount).ok())
          .isEqualTo("0000009024\n");
    }
  }

  @Test
  void sqliteIsWrittenFromAllMountsAtOnce() throws IOException, InterruptedException {
    String sql = "sqlite3 -cmd '.timeout 120000' \"$1/db\" ";
    Path first = mounts().get(0);
    Commands.bash(LIMIT, sql + "'create table t(n)'", first).ok();
    List<Commands.Running> programs = new ArrayList<>();
    for (Path mount : mounts()) {
      programs.add(
          Commands.startBash(
              LIMIT,
              "for i in 1 2 3 4 5 6; do " + sql + "\"insert into t values($i)\" || exit; done",
              mount));
    }
    allOk(programs);
    assertThat(
            Commands.bash(
                    LIMIT, sql + "'select count(*), sum(n) from t; pragma integrity_check'", first)
                .ok())
        .isEqualTo("18|63\nok\n");
  }

  @Test
  void whoWaitsForALockCanBeEndedAndTheHoldersEndGivesIt()
      throws IOException, InterruptedException {
    String lock = "exec flock $2 \"$1/held\" ";
    Path here = mounts().get(0);
    Path there = mounts().get(1);
    Commands.Running holder = Commands.startBash(LIMIT, lock + "sleep 1000", here, "-x");
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> Commands.bash(LIMIT, lock + "true", there, "-n").code() == 1);
    Commands.Running ended = Commands.startBash(LIMIT, lock + "true", there, "-s");
    Commands.Running waits = Commands.startBash(LIMIT, lock + "echo mine", there, "-x");
    for (Commands.Running each : List.of(ended, waits)) {
      Path where = Path.of("/proc", String.valueOf(each.pid()), "wchan");
      Awaitility.await()
          .atMost(LIMIT)
          .until(() -> Files.readString(where).contains("request_wait"));
    }
    ended.terminate();
    assertThat(ended.await().code()).isNotZero();
    assertThat(waits.isAlive()).isTrue();
    // The program that it runs has the open file too.
    Commands.bash(LIMIT, "pkill -KILL -P \"$1\"; kill -KILL \"$1\"; true", holder.pid()).ok();
    assertThat(waits.await().ok()).isEqualTo("mine\n");
    assertThat(holder.await().code()).isNotZero();
  }
}
