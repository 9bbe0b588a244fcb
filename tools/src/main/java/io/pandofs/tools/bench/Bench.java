package io.pandofs.tools.bench;

import io.pandofs.common.time.Clock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminClient;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Measures a directory and, row by row beside it, one on a disk of this machine. For one thread.
 */
public final class Bench {

  /** Is told how far it is. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Something is to be measured next.
     *
     * @param done of {@code all} that have been
     */
    void next(int done, int all, String what);
  }

  private final Path directory;
  private final Path local;
  private final Size size;
  private final Clock clock;
  private final List<Line> lines = new ArrayList<>();
  private Bounds bounds = new Bounds(0, 0, "");
  private String localKind = "";
  private boolean cached;
  private boolean localCached;

  /** One row, in the directory and on the disk. */
  private record Line(Row row, Figure here, Figure there) {}

  /**
   * What will be compared.
   *
   * @param local a directory on a disk of this machine
   */
  public Bench(Path directory, Path local, Size size, Clock clock) {
    this.directory = directory;
    this.local = local;
    this.size = size;
    this.clock = clock;
  }

  /**
   * Measures all.
   *
   * @param daemon of a node, which is asked for rounds of the log; null: it is not
   * @throws Refusal one of the directories cannot be worked in
   */
  public void run(@Nullable AdminClient daemon, Progress progress)
      throws Refusal, IOException, InterruptedException {
    try (Ground here = Ground.in(directory, size, clock);
        Ground there = Ground.in(local, size, clock)) {
      // Also when it is interrupted from the keyboard.
      Thread end = new Thread(() -> remove(here, there));
      Runtime.getRuntime().addShutdownHook(end);
      int all = 2 * Row.values().length + 1;
      for (Row row : Row.values()) {
        progress.next(2 * lines.size(), all, row.what());
        Figure first = here.measure(row);
        progress.next(2 * lines.size() + 1, all, row.what() + " (local)");
        lines.add(new Line(row, first, there.measure(row)));
      }
      // Last: by then all that takes part has been compiled.
      progress.next(all - 1, all, "a request and a round of the log");
      bounds = Bounds.measure(directory, daemon, clock);
      cached = here.isCached();
      localCached = there.isCached();
      localKind = kind(local);
      Runtime.getRuntime().removeShutdownHook(end);
    }
  }

  private static void remove(Ground... grounds) {
    for (Ground one : grounds) {
      try {
        one.close();
      } catch (IOException e) {
        System.err.println("pando: not all was removed: " + e.getMessage());
      }
    }
  }

  private static String kind(Path local) throws IOException {
    FileStore store = Files.getFileStore(local);
    return store.type() + " on " + store.name();
  }

  /** For a script; keys as the documentation has them. */
  public Map<String, @Nullable Object> document() {
    List<Object> rows = new ArrayList<>();
    for (Line line : lines) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("row", line.row.key());
      row.put("unit", line.row.unit().toString());
      row.put("threads", threads(line.row));
      row.put("rate", line.here.rate());
      row.put("p50_nanos", line.here.p50Nanos());
      row.put("p99_nanos", line.here.p99Nanos());
      row.put("local_rate", line.there.rate());
      row.put("local_p50_nanos", line.there.p50Nanos());
      row.put("local_p99_nanos", line.there.p99Nanos());
      row.put("bound_rate", bounds.of(line.row));
      rows.add(row);
    }
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("directory", directory.toString());
    document.put("local", local.toString());
    document.put("local_kind", localKind);
    document.put("processors", Runtime.getRuntime().availableProcessors());
    document.put("big_mebibytes", size.mebibytes());
    document.put("files", size.files());
    document.put("request_nanos", bounds.requestNanos());
    document.put("round_nanos", bounds.roundNanos());
    document.put("reads_cached", cached);
    document.put("local_reads_cached", localCached);
    document.put("rows", rows);
    return document;
  }

  private int threads(Row row) {
    return row.isOfMany() ? size.threads() : 1;
  }

  /** For a person: lines of at most 100 columns, without line ends. */
  public List<String> table() {
    List<String> text = new ArrayList<>();
    text.add(
        String.format(
            Locale.ROOT,
            "%-31s %7s %11s %8s %8s %10s %8s %8s",
            "",
            "threads",
            "here",
            "p50",
            "p99",
            "local",
            "of local",
            "at most"));
    for (Line line : lines) {
      double bound = bounds.of(line.row);
      text.add(
          String.format(
              Locale.ROOT,
              "%-31s %7d %11s %8s %8s %10s %8.2f %8s",
              line.row.what(),
              threads(line.row),
              rate(line.here.rate()) + shortened(line.row.unit()),
              time(line.here.p50Nanos()),
              time(line.here.p99Nanos()),
              rate(line.there.rate()),
              line.here.rate() / line.there.rate(),
              bound == 0 ? "" : rate(bound)));
    }
    text.add("local: " + local + ", " + localKind + ", measured row by row in the same run");
    text.add(
        "at most: what the kernel's requests of the row ("
            + time(bounds.requestNanos())
            + " each) and a round of the log ("
            + (bounds.roundNanos() == 0 ? "not measured" : time(bounds.roundNanos()))
            + ")");
    text.add("  leave, one after the other");
    if (bounds.roundNanos() == 0) {
      text.add("no round of the log was measured: " + bounds.why());
    }
    if (cached || localCached) {
      text.add(
          "reads "
              + (cached ? "here" : "")
              + (cached && localCached ? " and " : "")
              + (localCached ? "of local" : "")
              + " come from the page cache: the filesystem has no way past it");
    }
    return text;
  }

  private static String shortened(Row.Unit unit) {
    return unit == Row.Unit.MEGABYTES ? " MB/s" : " /s";
  }

  private static String rate(double rate) {
    return String.format(Locale.ROOT, rate < 10 ? "%.1f" : "%.0f", rate);
  }

  private static String time(long nanos) {
    if (nanos == 0) {
      return "";
    }
    double micros = nanos / 1e3;
    return micros < 1_000
        ? String.format(Locale.ROOT, "%.0f us", micros)
        : String.format(Locale.ROOT, "%.1f ms", micros / 1e3);
  }
}
