package io.pandofs.tests.nemesis;

import io.pandofs.tests.cluster.Commands;
import io.pandofs.tests.nemesis.Network.Way;
import java.io.IOException;
import java.io.InputStream;
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
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * Calls whose answers are cut off for longer than Ratis remembers calls, with another leader before
 * they are tried again, and a checkpoint made since they were done, take effect once.
 *
 * <p>First one node hears nothing for a moment, so that its calls are done and their answers lost:
 * the log of another node tells which. That is done again until there is such a call of each kind.
 * Then nobody hears anybody, so that no session is expired meanwhile; then the leader is killed and
 * started; then all is healed. Exit status 0: all is right, and calls of each kind were lost.
 */
final class LongCutMain {
  private static final List<String> KINDS = List.of("append", "create", "link", "rename", "rmdir");

  /**
   * So many calls of each kind are made at a time. A deaf node lets no call begin, since its tables
   * may be old: an answer is lost only of a call that is just being done when it becomes deaf.
   */
  private static final int LANES = 8;

  /** Shorter than a freshness lease, during which calls begin without the leader. */
  private static final Duration STANDSTILL = Duration.ofMillis(150);

  /**
   * So often it is made deaf at most until answers of each kind are lost: about one time in ten
   * they are.
   */
  private static final int TRIES = 60;

  private static final Duration CUT = Duration.ofSeconds(70);

  /** Each node makes a checkpoint so often while anything is done, and so one in the cut. */
  private static final String CHECKPOINT_EVERY = "30s";

  /** How long it is deaf before the log is looked at: what was under way is done by then. */
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
        new Cluster.Shape(
            3,
            false,
            false,
            Map.of("quorum_loss", "wait:400s", "log.checkpoint_every", CHECKPOINT_EVERY),
            List.of());
    try (Cluster cluster = Cluster.up(directory, shape)) {
      LongCutMain test = new LongCutMain(directory, cluster);
      test.run();
      test.wrong.forEach(line -> System.out.println("CONVICTED " + line));
      System.out.println(test.wrong.isEmpty() ? "nothing convicted" : "kept: " + directory);
      System.exit(test.wrong.isEmpty() ? 0 : 1);
    }
  }

  private void run() throws IOException, InterruptedException {
    int leader = cluster.leader(List.of()).node();
    int victim = leader % 3 + 1;
    int other = 6 - leader - victim;
    Path base = cluster.node(victim).mount().resolve("cut");
    python("prepare", base, LANES).await().ok();
    List<Process> calls = start(base);
    Lost lost = loseAnswers(victim, other);
    boolean ofEach = lost.never().isEmpty();
    if (ofEach) {
      cutAll(other, lost.applied());
      awaitAnswers();
    } else {
      wrong.add(
          "in %d tries no answer was lost of %s: nothing is shown".formatted(TRIES, lost.never()));
      cluster.network().heal();
    }
    stop(calls);
    for (String kind : KINDS) {
      Set<Integer> answered = judge(kind, other);
      Set<Integer> shown = new TreeSet<>(lost.calls().get(kind));
      shown.retainAll(answered);
      System.out.println("%s: done before the cut, answered after it: %s".formatted(kind, shown));
      expect(
          !ofEach || shown.equals(lost.calls().get(kind)),
          "%s: the answers of %s were lost, but not all of them came after the cut"
              .formatted(kind, lost.calls().get(kind)));
    }
  }

  /**
   * What was done and not answered.
   *
   * @param calls their numbers by their kinds
   * @param applied an index of the log that is not before them
   */
  private record Lost(Map<String, Set<Integer>> calls, long applied) {
    /** The kinds of which there is none. */
    List<String> never() {
      return KINDS.stream().filter(kind -> calls.get(kind).isEmpty()).toList();
    }
  }

  /**
   * Makes a node deaf while it has calls of each kind under way, again and again until some of each
   * were done and not answered. It is deaf when this returns.
   *
   * @param other whose log tells what was done
   */
  private Lost loseAnswers(int victim, int other) throws IOException, InterruptedException {
    Set<Way> toVictim = new LinkedHashSet<>(cluster.network().ways());
    toVictim.removeIf(way -> way.to() != victim);
    for (int i = 1; true; i++) {
      awaitAnswers();
      ClusterNode leader = cluster.node(cluster.leader(List.of()).node());
      // The calls that wait for a leader that stands still travel together when it goes on, and
      // they are under way when it stands still again.
      leader.signal("STOP");
      TimeUnit.NANOSECONDS.sleep(STANDSTILL.toNanos());
      leader.signal("CONT");
      leader.signal("STOP");
      cluster.network().cut(toVictim);
      leader.signal("CONT");
      TimeUnit.NANOSECONDS.sleep(DEAF.toNanos());
      Lost lost = unanswered(other);
      System.out.println("try " + i + ": done, but not answered: " + lost.calls());
      if (lost.never().isEmpty() || i == TRIES) {
        return lost;
      }
      cluster.network().heal();
    }
  }

  /**
   * A long time without any message, and another leader at its end.
   *
   * @param other whose checkpoint is looked at
   * @param lost the last index of what was not answered
   */
  private void cutAll(int other, long lost) throws IOException, InterruptedException {
    cluster.network().cut(cluster.network().ways());
    Cluster.Leader before = cluster.leader(List.of());
    TimeUnit.NANOSECONDS.sleep(CUT.toNanos());
    System.out.println(cluster.network().dropped() + " packets dropped");
    long checkpoint = raft(other, "checkpoint");
    cluster.node(before.node()).kill();
    cluster.node(before.node()).start();
    long deadAt = System.nanoTime();
    // The others need no start: one of them leads before the old leader can.
    cluster.network().heal();
    List<Integer> dead = List.of(before.node());
    Cluster.Leader now = cluster.awaitTermAbove(before.term(), dead, PATIENCE);
    String election = Evidence.election(before, now, dead);
    System.out.println(
        election + "; what was lost ends at " + lost + ", the checkpoint at " + checkpoint);
    expect(checkpoint >= lost, "no checkpoint was made meanwhile");
    expect(!election.isEmpty(), "nobody else leads");
    String ill = cluster.awaitWell(cluster.nodes(), PATIENCE);
    expect(ill.isEmpty(), ill + " after " + (System.nanoTime() - deadAt) / 1_000_000 + " ms");
  }

  /** Waits until calls of every kind have been answered since now, a few in each lane. */
  private void awaitAnswers() throws IOException, InterruptedException {
    Map<String, Integer> wanted = new HashMap<>();
    for (String kind : KINDS) {
      wanted.put(kind, answers(kind).size() + 4 * LANES);
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
    String lanes = String.valueOf(LANES);
    for (String kind : KINDS) {
      calls.add(
          new ProcessBuilder("python3", program.toString(), "run", base.toString(), kind, lanes)
              .redirectOutput(told(kind).toFile())
              .redirectError(directory.resolve(kind + ".errors").toFile())
              .start());
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

  private long raft(int node, String figure) {
    return cluster.node(node).status().object("raft").number(figure);
  }

  /** The calls of each kind that a node's log says were done, and that were not answered. */
  private Lost unanswered(int node) throws IOException {
    long applied = raft(node, "applied");
    LoggedCalls logged = LoggedCalls.of(cluster.node(node).operations(applied));
    Map<String, Set<Integer>> unanswered = new LinkedHashMap<>();
    for (String kind : KINDS) {
      Set<Integer> calls = new TreeSet<>();
      for (String line : Files.readAllLines(told(kind))) {
        String[] words = line.split(" ", -1);
        if (words[0].equals("B") && logged.contains(kind, words)) {
          calls.add(Integer.valueOf(words[1]));
        }
      }
      calls.removeAll(answers(kind).keySet());
      unanswered.put(kind, calls);
    }
    return new Lost(unanswered, applied);
  }

  /**
   * Compares what a kind's calls were answered with what another mount shows of them.
   *
   * @return those that took effect once and were answered OK, but only after the cut
   */
  private Set<Integer> judge(String kind, int node) throws IOException, InterruptedException {
    Map<Integer, Answer> answers = answers(kind);
    Map<String, Integer> counts = new LinkedHashMap<>();
    Set<Integer> late = new TreeSet<>();
    for (Map.Entry<Integer, Integer> effect : effects(kind, node).entrySet()) {
      Answer answer = answers.getOrDefault(effect.getKey(), Answer.NONE);
      boolean ok = answer.word().equals("OK");
      int times = effect.getValue();
      counts.merge(answer.word(), 1, Integer::sum);
      // Nobody else works here: such an answer is a call that met its own first try.
      boolean metItself = Set.of("EEXIST", "ENOENT").contains(answer.word());
      expect(
          times <= 1 && (times == 1 || !ok) && !metItself,
          "%s %d answered %s and took effect %d times"
              .formatted(kind, effect.getKey(), answer.word(), times));
      if (ok && times == 1 && answer.millis() >= CUT.toMillis()) {
        late.add(effect.getKey());
      }
    }
    expect(
        !counts.containsKey("EIO"),
        kind
            + ": EIO: the session was over, so that nothing was tried again (try on a quiet machine),"
            + " or an append met its own first try");
    long longest = answers.values().stream().mapToLong(Answer::millis).max().orElse(0);
    System.out.println(kind + ": " + counts + ", the longest took " + longest + " ms");
    expect(counts.getOrDefault("OK", 0) > 0, kind + " never worked");
    return late;
  }

  /** The end of a call. */
  private record Answer(String word, long millis) {
    static final Answer NONE = new Answer("none", 0);
  }

  private Map<Integer, Answer> answers(String kind) throws IOException {
    Map<Integer, Answer> answers = new HashMap<>();
    for (String line : Files.readAllLines(told(kind))) {
      String[] words = line.split(" ", -1);
      if (words[0].equals("E") && words.length == 4) { // all of the line is there
        answers.put(Integer.valueOf(words[1]), new Answer(words[2], Long.parseLong(words[3])));
      }
    }
    return answers;
  }

  private Map<Integer, Integer> effects(String kind, int node)
      throws IOException, InterruptedException {
    Path base = cluster.node(node).mount().resolve("cut");
    Map<Integer, Integer> effects = new LinkedHashMap<>();
    for (String line : python("count", base, kind, told(kind)).await().ok().lines().toList()) {
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
