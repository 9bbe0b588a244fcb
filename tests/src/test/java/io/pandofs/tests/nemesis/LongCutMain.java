package io.pandofs.tests.nemesis;

import io.pandofs.tests.cluster.Commands;
import io.pandofs.tests.nemesis.Network.Way;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Calls whose answers are cut off for longer than Ratis remembers calls, with another leader before
 * they are tried again, take effect once. {@code tests/longcut WARM_SECONDS}: the cut begins so
 * long after the start (590 puts a checkpoint of every node into it: one is due every ten minutes).
 *
 * <p>First one node hears nothing for a moment, so that its calls are done and their answers lost;
 * then nobody hears anybody, so that no session is expired meanwhile; then the leader is killed and
 * started; then all is healed. Exit status 0: all is right.
 */
final class LongCutMain {
  private static final String APPEND = "append";
  private static final List<String> KINDS = List.of(APPEND, "create", "link", "rename", "rmdir");

  /**
   * So many programs make calls of each kind. A deaf node lets no call begin, since its tables may
   * be old: an answer is lost only of a call that is just being done when it becomes deaf.
   */
  private static final int LANES = 4;

  /** So often it is made deaf at most until the answer of a call is lost. */
  private static final int TRIES = 10;

  private static final Duration CUT = Duration.ofSeconds(70);

  /** How long this fault lasts before another node looks: what is under way is done by then. */
  private static final Duration DEAF = Duration.ofMillis(1500);

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final Path directory;
  private final Cluster cluster;
  private final Path program;
  private final List<String> wrong = new ArrayList<>();

  private LongCutMain(Path directory, Cluster cluster) throws IOException {
    this.directory = directory;
    this.cluster = cluster;
    this.program = directory.resolve("longcut.py");
    try (InputStream in = LongCutMain.class.getResourceAsStream("longcut.py")) {
      Files.copy(in, program);
    }
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("pando-longcut-");
    Cluster.Shape shape =
        new Cluster.Shape(3, false, false, Map.of("quorum_loss", "wait:400s"), List.of());
    try (Cluster cluster = Cluster.up(directory, shape)) {
      LongCutMain test = new LongCutMain(directory, cluster);
      test.run(Long.parseLong(args[0]));
      test.wrong.forEach(line -> System.out.println("CONVICTED " + line));
      System.out.println(test.wrong.isEmpty() ? "nothing convicted" : "kept: " + directory);
      System.exit(test.wrong.isEmpty() ? 0 : 1);
    }
  }

  private void run(long warmSeconds) throws IOException, InterruptedException {
    int leader = cluster.leader(List.of()).node();
    int victim = leader % 3 + 1;
    int other = 6 - leader - victim;
    TimeUnit.SECONDS.sleep(warmSeconds);
    Path base = cluster.node(victim).mount().resolve("cut");
    python("prepare", base).await().ok();
    List<Process> calls = start(base);
    long term = cluster.leader(List.of()).term();
    long checkpoint = checkpoint(other);

    Set<Way> deaf = new LinkedHashSet<>();
    deaf.add(new Way(leader, victim));
    deaf.add(new Way(other, victim));
    Map<String, Integer> unanswered = Map.of();
    for (int i = 0; i < TRIES && unanswered.values().stream().noneMatch(n -> n > 0); i++) {
      cluster.network().heal();
      awaitAnswers();
      cluster.network().cut(deaf);
      TimeUnit.NANOSECONDS.sleep(DEAF.toNanos());
      unanswered = unanswered(other);
    }
    cluster.network().cut(cluster.network().ways());
    System.out.println("cut; done, but not answered: " + unanswered);
    TimeUnit.NANOSECONDS.sleep(CUT.toNanos());
    System.out.println(cluster.network().dropped() + " packets dropped");
    cluster.node(leader).kill();
    cluster.node(leader).start();
    long deadAt = System.nanoTime();
    // The others need no start: one of them leads before the old leader can.
    cluster.network().heal();
    Cluster.Leader now = cluster.awaitTermAbove(term, List.of(leader), PATIENCE);
    long checkpointNow = checkpoint(other);
    System.out.println(
        "term %d→%d, n%d leads; checkpoint %d→%d"
            .formatted(term, now.term(), now.node(), checkpoint, checkpointNow));
    expect(warmSeconds == 0 || checkpointNow > checkpoint, "no checkpoint was made meanwhile");
    expect(unanswered.values().stream().anyMatch(n -> n > 0), "no answer was lost: try again");
    expect(now.term() > term, "nobody else leads");
    String ill = cluster.awaitWell(cluster.nodes(), PATIENCE);
    expect(ill.isEmpty(), ill + " after " + (System.nanoTime() - deadAt) / 1_000_000 + " ms");
    TimeUnit.SECONDS.sleep(2);
    stop(calls);
    for (String kind : KINDS) {
      judge(kind, other);
    }
  }

  /** Waits until calls of every kind have been answered since now. */
  private void awaitAnswers() throws IOException, InterruptedException {
    Map<String, Integer> wanted = new HashMap<>();
    for (String kind : KINDS) {
      wanted.put(kind, answers(kind).size() + LANES);
    }
    for (Map.Entry<String, Integer> kind : wanted.entrySet()) {
      int seen =
          Cluster.await(
              PATIENCE, () -> answers(kind.getKey()).size(), now -> now >= kind.getValue());
      if (seen < kind.getValue()) {
        throw new IllegalStateException("no call is answered: " + kind.getKey());
      }
    }
  }

  private List<Process> start(Path base) throws IOException {
    List<Process> calls = new ArrayList<>();
    for (String kind : KINDS) {
      Path errors = directory.resolve(kind + ".errors");
      for (int lane = 0; lane < LANES; lane++) {
        String first = String.valueOf(lane * 100_000);
        calls.add(
            new ProcessBuilder("python3", program.toString(), "run", base.toString(), kind, first)
                .redirectOutput(Redirect.appendTo(told(kind).toFile()))
                .redirectError(Redirect.appendTo(errors.toFile()))
                .start());
      }
    }
    return calls;
  }

  private void stop(List<Process> calls) throws IOException, InterruptedException {
    for (Process call : calls) {
      call.getOutputStream().close();
    }
    for (Process call : calls) {
      boolean ended = call.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      expect(ended, call.info().commandLine().orElse("a program") + " hangs in a call");
    }
  }

  private Path told(String kind) {
    return directory.resolve(kind + ".calls");
  }

  private long checkpoint(int node) {
    return cluster.node(node).status().object("raft").number("checkpoint");
  }

  /** How many calls of each kind have been done and not answered, as another node sees it. */
  private Map<String, Integer> unanswered(int node) throws IOException, InterruptedException {
    // All at once: the leader must not have time to end the session that it does not hear. For the
    // same reason names alone: a look at a file waits for the deaf node, which has it leased.
    Map<String, Commands.Running> counting = new LinkedHashMap<>();
    for (String kind : KINDS) {
      if (!kind.equals(APPEND)) {
        counting.put(kind, count(kind, node));
      }
    }
    Map<String, Integer> done = new LinkedHashMap<>();
    for (Map.Entry<String, Commands.Running> kind : counting.entrySet()) {
      Map<Integer, Integer> effects = effects(kind.getValue());
      Map<Integer, String> answers = answers(kind.getKey());
      long count =
          effects.entrySet().stream()
              .filter(e -> e.getValue() > 0 && !answers.containsKey(e.getKey()))
              .count();
      done.put(kind.getKey(), (int) count);
    }
    return done;
  }

  private void judge(String kind, int node) throws IOException, InterruptedException {
    Map<Integer, String> answers = answers(kind);
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (Map.Entry<Integer, Integer> effect : effects(count(kind, node)).entrySet()) {
      String answer = answers.getOrDefault(effect.getKey(), "none");
      counts.merge(answer, 1, Integer::sum);
      boolean lost = answer.equals("OK") && effect.getValue() != 1;
      boolean twice = effect.getValue() > 1;
      // Nobody else works here: such an answer is a call that met its own first try.
      boolean metItself = answer.equals("EEXIST") || answer.equals("ENOENT");
      String call = "%s %d answered %s and took effect %d times";
      expect(
          !lost && !twice && !metItself,
          call.formatted(kind, effect.getKey(), answer, effect.getValue()));
    }
    expect(
        !counts.containsKey("EIO"),
        kind + ": its session was over, so that nothing was tried again: try on a quiet machine");
    long longest = longestMillis(kind);
    System.out.println(kind + ": " + counts + ", the longest took " + longest + " ms");
    expect(counts.getOrDefault("OK", 0) > 0, kind + " never worked");
  }

  private Map<Integer, String> answers(String kind) throws IOException {
    Map<Integer, String> answers = new HashMap<>();
    for (String line : Files.readAllLines(told(kind))) {
      String[] words = line.split(" ", -1);
      if (words[0].equals("E")) {
        answers.put(Integer.valueOf(words[1]), words[2]);
      }
    }
    return answers;
  }

  private long longestMillis(String kind) throws IOException {
    return Files.readAllLines(told(kind)).stream()
        .filter(line -> line.startsWith("E "))
        .mapToLong(line -> Long.parseLong(line.split(" ", -1)[3]))
        .max()
        .orElse(0);
  }

  private Commands.Running count(String kind, int node) throws IOException {
    return python("count", cluster.node(node).mount().resolve("cut"), kind, told(kind));
  }

  private static Map<Integer, Integer> effects(Commands.Running counting)
      throws IOException, InterruptedException {
    Map<Integer, Integer> effects = new LinkedHashMap<>();
    for (String line : counting.await().ok().lines().toList()) {
      String[] words = line.split(" ", -1);
      effects.put(Integer.valueOf(words[0]), Integer.valueOf(words[1]));
    }
    return effects;
  }

  private Commands.Running python(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("python3", program.toString()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return Commands.start(PATIENCE, command, Map.of());
  }

  private void expect(boolean right, String otherwise) {
    if (!right) {
      wrong.add(otherwise);
    }
  }
}
