package io.pandofs.tests.coherence;

import io.pandofs.tests.agent.Agent;
import io.pandofs.tests.agent.AgentProcess;
import io.pandofs.tests.agent.Answer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Acts on one mount and looks on another, over all ordered pairs, each mount in an agent process of
 * its own. The same acts are done on a local directory, which tells what each look must show; the
 * observer is asked first, as soon as the act has returned.
 */
public final class CoherenceChecker implements AutoCloseable {
  private static final int STALE_KEPT = 20;

  private final List<Agent> mounts;
  private final Agent reference;
  private final boolean heldDescriptors;
  private final Map<String, Integer> acts = new TreeMap<>();
  private final List<Stale> stale = new ArrayList<>();
  private int staleCount;
  private int observations;

  private CoherenceChecker(List<Agent> mounts, Agent reference, boolean heldDescriptors) {
    this.mounts = mounts;
    this.reference = reference;
    this.heldDescriptors = heldDescriptors;
  }

  /**
   * A checker of directories that should be one.
   *
   * @param reference a local directory
   * @param heldDescriptors also look through descriptors opened before the act (libfuse 2 cannot
   *     show remote writes there)
   */
  public static CoherenceChecker of(List<Path> mounts, Path reference, boolean heldDescriptors) {
    List<Agent> agents = mounts.stream().map(mount -> (Agent) AgentProcess.start(mount)).toList();
    return of(agents, mounts, reference, heldDescriptors);
  }

  /** The same with agents that may lie. */
  static CoherenceChecker of(
      List<Agent> agents, List<Path> mounts, Path reference, boolean heldDescriptors) {
    CoherenceChecker checker =
        new CoherenceChecker(agents, AgentProcess.start(reference), heldDescriptors);
    long number = ProcessHandle.current().pid();
    for (int i = 0; i < agents.size(); i++) {
      must(agents.get(i), "root " + mounts.get(i).resolve("coherence-" + number));
    }
    must(checker.reference, "root " + reference.resolve("coherence-reference-" + number));
    for (String line : Round.preparation()) {
      must(agents.get(0), line);
      must(checker.reference, line);
    }
    return checker;
  }

  /**
   * Runs {@code rounds} rounds drawn from {@code seed}, the ordered pairs in turn. Once a checker.
   */
  public Report run(long seed, int rounds) {
    Random random = new Random(seed);
    int n = mounts.size();
    for (int i = 0; i < rounds; i++) {
      int actor = i % n;
      int observer = (actor + 1 + i / n % (n - 1)) % n;
      round(i, actor, observer, Round.draw(random));
    }
    return new Report(seed, rounds, observations, acts, stale, staleCount);
  }

  private void round(int i, int actor, int observer, Round round) {
    Agent looker = mounts.get(observer);
    Agent actorAgent = mounts.get(actor);
    for (String line : round.before()) {
      actorAgent.ask(line);
      reference.ask(line);
    }
    boolean held = heldDescriptors && opened(looker, round.target());
    round.looks().forEach(looker::ask);
    if (held) {
      round.held().forEach(looker::ask);
    }
    Answer done = actorAgent.ask(round.act());
    List<String> looks =
        held
            ? Stream.concat(round.held().stream(), round.looks().stream()).toList()
            : round.looks();
    List<Answer> seen = looks.stream().map(looker::ask).toList();
    Answer expected = reference.ask(round.act());
    if (expected.fault() || expected.stuck()) {
      throw new IllegalStateException("the reference answered " + expected + " to: " + round.act());
    }
    judge(new Stale(i, actor + 1, actor + 1, round.act(), round.act(), expected, done, done));
    for (int k = 0; k < looks.size(); k++) {
      String look = looks.get(k);
      Answer right = reference.ask(look);
      Answer again = right.equals(seen.get(k)) ? right : looker.ask(look);
      judge(new Stale(i, actor + 1, observer + 1, round.act(), look, right, seen.get(k), again));
    }
    if (held) {
      looker.ask("close 0");
      reference.ask("close 0");
    }
    for (String line : round.after()) {
      actorAgent.ask(line);
      reference.ask(line);
    }
    if (expected.ok()) {
      acts.merge(round.act().substring(0, round.act().indexOf(' ')), 1, Integer::sum);
    }
  }

  private boolean opened(Agent looker, String path) {
    String line = "open 0 " + path + " O_RDONLY+O_NOFOLLOW 0";
    Answer seen = looker.ask(line);
    return reference.ask(line).ok() && seen.ok();
  }

  private void judge(Stale seen) {
    observations++;
    if (!seen.expected().equals(seen.got())) {
      staleCount++;
      if (stale.size() < STALE_KEPT) {
        stale.add(seen);
      }
    }
  }

  private static void must(Agent agent, String line) {
    Answer answer = agent.ask(line);
    if (!answer.ok()) {
      throw new IllegalStateException("answered " + answer + " to: " + line);
    }
  }

  /** Removes what the run made, through the first mount. */
  @Override
  public void close() {
    mounts.subList(1, mounts.size()).forEach(agent -> agent.ask("leave"));
    mounts.get(0).ask("wipe");
    reference.ask("wipe");
    mounts.forEach(Agent::close);
    reference.close();
  }
}
