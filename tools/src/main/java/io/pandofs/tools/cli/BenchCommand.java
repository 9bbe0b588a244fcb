package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminClient;
import io.pandofs.tools.bench.Bench;
import io.pandofs.tools.bench.Size;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pando bench}. */
@Command(
    name = "bench",
    description =
        "Measure how fast a directory is, beside a disk of this machine and what bounds it. Makes a"
            + " directory of its own in both and removes it.")
final class BenchCommand implements Callable<Integer> {
  private static final int BAR = 30;
  private static final int COLUMNS = 99;

  @Mixin AdminOptions admin = new AdminOptions();

  @Parameters(paramLabel = "DIR", description = "A directory of the mount, or any other.")
  Path directory = Path.of("");

  @Option(
      names = "--local",
      paramLabel = "DIR",
      defaultValue = "/var/tmp",
      description = "A directory on a disk of this machine; default ${DEFAULT-VALUE}.")
  Path local = Path.of("");

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "8",
      description = "Of the rows of many threads; default ${DEFAULT-VALUE}.")
  int threads;

  @Option(
      names = "--size-mib",
      paramLabel = "N",
      defaultValue = "256",
      description = "Of the big file; default ${DEFAULT-VALUE}.")
  int mebibytes;

  @Option(
      names = "--files",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Small files of each thread; default ${DEFAULT-VALUE}.")
  int files;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description = "For rows that count operations; default ${DEFAULT-VALUE}.")
  int seconds;

  private final Clock clock = new SystemClock();
  private long began;

  @Override
  public Integer call() throws Refusal, ConfigException, IOException, InterruptedException {
    if (Math.min(Math.min(threads, mebibytes), Math.min(files, seconds)) < 1) {
      throw Refusal.ofUsage("Each of --threads, --size-mib, --files and --seconds is 1 or more.");
    }
    if (threads > 1_000 || mebibytes > 1 << 20 || files > 1_000_000 || seconds > 3_600) {
      throw Refusal.ofUsage(
          "At most 1000 threads, 1048576 MiB, 1000000 files and 3600 seconds make sense.");
    }
    Bench bench =
        new Bench(directory, local, new Size(mebibytes, files, threads, seconds * 1_000L), clock);
    // Which also finds out whether somebody looks.
    boolean isShown = Help.Ansi.AUTO.enabled() && !admin.json;
    PrintWriter err = admin.spec.commandLine().getErr();
    began = clock.nanoTime();
    try {
      bench.run(
          daemon(),
          (done, all, what) -> {
            if (isShown) {
              show(err, done, all, what);
            }
          });
    } finally {
      if (isShown) {
        err.print("\r" + " ".repeat(COLUMNS) + "\r");
        err.flush();
      }
    }
    admin.print(
        JsonObject.of(bench.document()), String.join(System.lineSeparator(), bench.table()));
    return ExitCode.OK;
  }

  /** The node that is named; else the usual one, if there is one. */
  private @Nullable AdminClient daemon() throws Refusal, ConfigException {
    return admin.isNode() ? new AdminClient(admin.dataDirectory()) : null;
  }

  private void show(PrintWriter err, int done, int all, String what) {
    long seconds = (clock.nanoTime() - began) / 1_000_000_000;
    String left = done == 0 ? "" : ", about " + seconds * (all - done) / done + " s left";
    int full = BAR * done / all;
    String text = "[" + "#".repeat(full) + ".".repeat(BAR - full) + "] " + what + left;
    String shown = text.substring(0, Math.min(text.length(), COLUMNS));
    err.print("\r" + shown + " ".repeat(COLUMNS - shown.length()));
    err.flush();
  }
}
