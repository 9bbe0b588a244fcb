package io.pandofs.tests.kit;

import io.pandofs.tests.agent.FuseConnection;
import io.pandofs.tests.cluster.Commands;
import io.pandofs.tests.nemesis.ClusterNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The client processes of a run, one for each workload on each mount, and their histories. */
final class Clients {
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final long STOP_SECONDS = 60;

  private final Path directory;
  private final KitOptions options;
  private final Path program;
  private final List<Running> running = new ArrayList<>();

  private record Running(Process process, Path mount, String name) {}

  /**
   * @param directory where histories go
   */
  Clients(Path directory, KitOptions options) throws IOException {
    this.directory = directory;
    this.options = options;
    this.program = directory.resolve("client.py");
    try (InputStream in = Clients.class.getResourceAsStream("client.py")) {
      Files.copy(in, program);
    }
  }

  /** Makes what the clients work on. */
  void prepare(ClusterNode node) throws IOException, InterruptedException {
    List<Commands.Running> all = new ArrayList<>();
    for (Workload workload : options.workloads()) {
      all.add(
          python("prepare", node.mount(), workload.word(), options.generations(), options.keys()));
    }
    for (Commands.Running one : all) {
      one.await().ok();
    }
  }

  /** Starts them all; they work until {@link #stop}. */
  void start(List<ClusterNode> nodes) throws IOException {
    long start = System.nanoTime();
    for (Workload workload : options.workloads()) {
      Files.createDirectories(directory.resolve(workload.word()));
      for (ClusterNode node : nodes) {
        for (int i = 1; i <= options.clients(); i++) {
          String number = "" + node.number() + i;
          List<String> command =
              command(
                  "run",
                  node.mount(),
                  workload.word(),
                  number,
                  history(workload, number),
                  options.seed(),
                  start,
                  options.keys(),
                  options.generations(),
                  options.periodMillis(),
                  options.paceMillis(),
                  String.join(",", options.rules()));
          Process process =
              new ProcessBuilder(command)
                  .redirectErrorStream(true)
                  .redirectOutput(directory.resolve(workload + "-" + number + ".log").toFile())
                  .start();
          running.add(new Running(process, node.mount(), workload + " client " + number));
        }
      }
    }
  }

  /** Ends them; what is wrong with those that ended before, or hang in a call. */
  List<String> stop() throws IOException, InterruptedException {
    List<String> wrong = new ArrayList<>();
    for (Running client : running) {
      if (!client.process().isAlive()) {
        wrong.add(client.name() + " ended early; see its log");
      } else {
        client.process().getOutputStream().close();
      }
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS);
    for (Running client : running) {
      if (!client.process().waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        wrong.add(client.name() + " hangs in a call for more than " + STOP_SECONDS + " s");
        FuseConnection.abort(client.mount());
        client.process().destroyForcibly();
      }
    }
    return wrong;
  }

  /** Looks at every key that was in use, on every mount. */
  void lookAtAll(List<ClusterNode> nodes, long startedNanos)
      throws IOException, InterruptedException {
    long ran = System.nanoTime() - startedNanos;
    long used = TimeUnit.NANOSECONDS.toMillis(ran) / options.periodMillis() + 2;
    List<Commands.Running> looks = new ArrayList<>();
    for (Workload workload : options.workloads()) {
      for (ClusterNode node : nodes) {
        String number = node.number() + "0";
        looks.add(
            python(
                "look",
                node.mount(),
                workload.word(),
                number,
                history(workload, number),
                Math.min(used, options.generations()),
                options.keys()));
      }
    }
    for (Commands.Running look : looks) {
      look.await().ok();
    }
  }

  /** The histories of a workload. */
  List<Path> histories(Workload workload) throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve(workload.word()))) {
      return files.sorted().toList();
    }
  }

  private Path history(Workload workload, String number) {
    return directory.resolve(workload.word()).resolve(number + ".history");
  }

  private Commands.Running python(Object... arguments) throws IOException {
    return Commands.start(LIMIT, command(arguments), Map.of());
  }

  private List<String> command(Object... arguments) {
    List<String> command = new ArrayList<>(List.of("python3", program.toString()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return command;
  }
}
