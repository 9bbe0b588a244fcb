package io.pandofs.meta.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The model of Raft must itself keep what Raft promises, or a simulation on it says nothing. */
class ModelRaftTest {
  private static final long SECOND = 1_000_000_000;
  private static final int SEEDS = 20;

  /** A list of what was applied. */
  private static final class Recorder implements ModelRaft.Machine {
    private final List<String> applied = new ArrayList<>();

    @Override
    public Object apply(long index, long term, byte[] entry) {
      applied.add(new String(entry, StandardCharsets.US_ASCII));
      return index;
    }

    @Override
    public Object checkpoint() {
      return List.copyOf(applied);
    }

    @Override
    public void install(Object checkpoint, long index) {
      applied.clear();
      ((List<?>) checkpoint).forEach(one -> applied.add((String) one));
    }

    @Override
    public void leads(long term) {}

    @Override
    public void leadsNoMore() {}
  }

  @Test
  void keepsWhatItAcknowledgedAndItsOrderOverAllTroubles() {
    int acknowledgedInAll = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      acknowledgedInAll += run(seed, 3 + 2 * (int) (seed % 2));
    }
    assertThat(acknowledgedInAll).isGreaterThan(SEEDS * 50);
  }

  private static int run(long seed, int size) {
    World world = new World(seed);
    Network network = new Network(world);
    List<Host> hosts = new ArrayList<>();
    for (int i = 1; i <= size; i++) {
      hosts.add(new Host(world, i, 1 + (world.random().nextDouble() - 0.5) / 100));
    }
    ModelRaft raft = new ModelRaft(world, network, hosts, 3 * SECOND / 10, ModelRaft.Care.ALL);
    Map<Host, Recorder> machines = new TreeMap<>((a, b) -> a.number() - b.number());
    Set<String> acknowledged = new HashSet<>();
    Nemesis nemesis =
        new Nemesis(
            world,
            network,
            hosts,
            0.2,
            host -> start(host, raft, machines),
            host -> raft.peer(host).lose());
    hosts.forEach(host -> start(host, raft, machines));
    nemesis.begin();
    int[] number = {0};
    every(world, SECOND / 200, () -> propose(hosts, raft, acknowledged, "e" + number[0]++));
    every(world, SECOND, () -> raft.peer(hosts.get(world.random().nextInt(size))).checkpoint(5));
    world.run(20 * SECOND);
    nemesis.end();
    world.run(5 * SECOND);
    List<String> longest = List.of();
    for (Recorder machine : machines.values()) {
      longest = machine.applied.size() > longest.size() ? machine.applied : longest;
    }
    for (Recorder machine : machines.values()) {
      assertThat(longest.subList(0, machine.applied.size())).isEqualTo(machine.applied);
      assertThat(machine.applied).as("seed %d", seed).containsAll(acknowledged);
    }
    assertThat(longest).doesNotHaveDuplicates();
    return acknowledged.size();
  }

  private static void start(Host host, ModelRaft raft, Map<Host, Recorder> machines) {
    host.start();
    Recorder machine = new Recorder();
    machines.put(host, machine);
    raft.peer(host).start(machine);
  }

  private static void propose(
      List<Host> hosts, ModelRaft raft, Set<String> acknowledged, String entry) {
    for (Host host : hosts) {
      if (host.isAlive() && !host.isPaused() && raft.peer(host).leads()) {
        raft.peer(host)
            .propose(entry.getBytes(StandardCharsets.US_ASCII))
            .thenAccept(index -> acknowledged.add(entry));
        return;
      }
    }
  }

  private static void every(World world, long nanos, Runnable task) {
    if (world.nowNanos() < 20 * SECOND) {
      world.after(
          nanos,
          () -> {
            task.run();
            every(world, nanos, task);
          });
    }
  }
}
