package io.pandofs.meta.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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
      acknowledgedInAll += run(seed, 3 + 2 * (int) (seed % 2), false);
    }
    assertThat(acknowledgedInAll).isGreaterThan(SEEDS * 50);
  }

  /** Who was removed runs on, and does not always know. */
  @Test
  void keepsItWhileTheVotersChange() {
    int acknowledgedInAll = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      acknowledgedInAll += run(seed, 3, true);
    }
    assertThat(acknowledgedInAll).isGreaterThan(SEEDS * 50);
  }

  private static int run(long seed, int size, boolean changing) {
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
            world, network, hosts, 0.2, true, host -> start(host, raft, machines), raft::lose);
    hosts.forEach(host -> start(host, raft, machines));
    nemesis.begin();
    int[] number = {0};
    every(world, SECOND / 200, () -> propose(hosts, raft, acknowledged, "e" + number[0]++));
    every(world, SECOND, () -> raft.peer(hosts.get(world.random().nextInt(size))).checkpoint(5));
    if (changing) {
      every(world, SECOND / 2, () -> change(hosts, raft, host -> start(host, raft, machines)));
    }
    world.run(20 * SECOND);
    nemesis.end();
    world.run(5 * SECOND);
    List<String> longest = List.of();
    for (Recorder machine : machines.values()) {
      longest = machine.applied.size() > longest.size() ? machine.applied : longest;
    }
    for (Recorder machine : machines.values()) {
      assertThat(longest.subList(0, machine.applied.size())).isEqualTo(machine.applied);
    }
    Set<Integer> voters = leader(hosts, raft).voters();
    assertThat(voters.contains(1)).as("seed %d", seed).isNotEqualTo(changing);
    for (Host host : hosts) {
      if (voters.contains(host.number())) {
        assertThat(machines.get(host).applied).as("seed %d", seed).containsAll(acknowledged);
      }
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
    ModelPeer leader = leader(hosts, raft);
    if (leader != null) {
      leader
          .propose(entry.getBytes(StandardCharsets.US_ASCII))
          .thenAccept(index -> acknowledged.add(entry));
    }
  }

  private static @Nullable ModelPeer leader(List<Host> hosts, ModelRaft raft) {
    for (Host host : hosts) {
      if (host.isAlive() && !host.isPaused() && raft.peer(host).leads()) {
        return raft.peer(host);
      }
    }
    return null;
  }

  /** A voter goes, another comes, or a machine that will be one. */
  private static void change(List<Host> hosts, ModelRaft raft, Consumer<Host> start) {
    ModelPeer leader = leader(hosts, raft);
    if (leader == null) {
      return;
    }
    Host newest = hosts.get(hosts.size() - 1);
    Set<Integer> voters = new TreeSet<>(leader.voters());
    if (voters.size() > 3 + newest.world().random().nextInt(2)) {
      Host gone = hosts.stream().filter(host -> voters.contains(host.number())).findFirst().get();
      voters.remove(gone.number());
      if (raft.canSpare(gone, voters)) {
        leader.changeVoters(voters);
      }
    } else if (!voters.add(newest.number())) {
      Host next = new Host(newest.world(), newest.number() + 1, 1);
      raft.add(next);
      hosts.add(next);
      start.accept(next);
    } else if (leader.isCaughtUp(newest)) {
      leader.changeVoters(voters);
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
