package io.pandofs.tests.kit;

import io.pandofs.tests.history.History;
import io.pandofs.tests.nemesis.Cluster;
import io.pandofs.tests.nemesis.FaultReport;
import io.pandofs.tests.nemesis.Nemesis;
import io.pandofs.tests.nemesis.Nemesis.Kind;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * One run of the kit. Exit status 0: nothing was convicted; 1: something was, and the histories and
 * logs are kept; 2: usage. Only inside the namespaces that {@code tests/kit} makes.
 */
final class KitMain {
  private static final int USAGE = 2;

  private final KitOptions options;
  private final Path directory;
  private final long zero = System.nanoTime();
  private final List<String> convictions = new ArrayList<>();
  private final StringBuilder report = new StringBuilder();

  private KitMain(KitOptions options, Path directory) {
    this.options = options;
    this.directory = directory;
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    KitOptions options;
    try {
      options = KitOptions.parse(Arrays.asList(args));
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage() + "\n" + KitOptions.USAGE);
      System.exit(USAGE);
      return;
    }
    Path directory = Files.createTempDirectory("pando-kit-" + options.seed() + "-");
    System.exit(new KitMain(options, directory).run(args) ? 0 : 1);
  }

  private boolean run(String[] args) throws IOException, InterruptedException {
    say("seed " + options.seed() + ": tests/kit " + String.join(" ", args));
    try {
      exercise();
    } catch (IOException | InterruptedException | RuntimeException | AssertionError e) {
      convictions.add("the run broke off: " + e);
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace, true));
      say(trace.toString());
    }
    convictions.forEach(conviction -> say("CONVICTED " + conviction));
    boolean good = convictions.isEmpty();
    say("verdict: " + (good ? "nothing convicted" : convictions.size() + " CONVICTIONS"));
    if (good && !options.keep()) {
      delete(directory, file -> true);
    } else {
      Files.writeString(directory.resolve("report.txt"), report);
      delete(directory, file -> file.matches(".*/n[1-9]/(disk|mnt|image)(/.*)?"));
      System.out.println("kept: " + directory);
    }
    return good;
  }

  private void exercise() throws IOException, InterruptedException {
    Cluster.Shape shape =
        new Cluster.Shape(
            options.nodes(),
            options.faults().stream().anyMatch(Kind::needsDisks),
            options.faults().contains(Kind.DELAY),
            options.settings(),
            options.preload().isEmpty() ? List.of() : List.of("LD_PRELOAD=" + options.preload()));
    try (Cluster cluster = Cluster.up(directory, shape)) {
      Clients clients = new Clients(Files.createDirectory(directory.resolve("clients")), options);
      clients.prepare(cluster.node(1));
      long started = System.nanoTime();
      clients.start(cluster.nodes());
      say("clients run on " + options.nodes() + " mounts: " + options.workloads());
      Nemesis nemesis = new Nemesis(cluster, options.seed(), options.leaderOnly(), this::say);
      List<FaultReport> faults =
          nemesis.run(options.faults(), Duration.ofSeconds(options.seconds()), options.count());
      Judge judge = new Judge(faults);
      convictions.addAll(clients.stop());
      String wrong = cluster.awaitWell(cluster.nodes(), Duration.ofSeconds(60));
      if (wrong.isEmpty()) {
        clients.lookAtAll(cluster.nodes(), started);
        judge.tables(cluster.hashTables());
      } else {
        convictions.add("no last look was possible: " + wrong);
      }
      judge(judge, clients);
    }
  }

  private void judge(Judge judge, Clients clients) throws IOException {
    for (Workload workload : options.workloads()) {
      judge.workload(workload, History.read(clients.histories(workload)));
    }
    judge.pauses();
    judge.lines().forEach(this::say);
    say(judge.lookedElsewhere() + " looks at what another mount had changed last");
    List<Long> pauses = judge.pausesOnSurviving().stream().sorted().toList();
    if (!pauses.isEmpty()) {
      say(
          "faults %d, all with evidence unless convicted; pauses on surviving mounts: median %d ms, worst %d ms"
              .formatted(
                  pauses.size(), pauses.get(pauses.size() / 2), pauses.get(pauses.size() - 1)));
    }
    convictions.addAll(judge.convictions());
  }

  private void say(String line) {
    String stamped = "%9.3f %s".formatted((System.nanoTime() - zero) / 1e9, line);
    System.out.println(stamped);
    report.append(stamped).append('\n');
  }

  /** Which files of the run's directory to delete, by their names. */
  private interface Choice {
    boolean of(String file);
  }

  private static void delete(Path directory, Choice choice) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        if (choice.of(file.toString())) {
          Files.delete(file);
        }
      }
    }
  }
}
