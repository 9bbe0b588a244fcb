package io.pandofs.meta.raft;

import static io.pandofs.meta.raft.LeaseRig.LEASE;
import static io.pandofs.meta.raft.LeaseRig.MS;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Freshness leases under random elections, cut-off leaders, lost and late messages, stopped and
 * restarted processes, and clocks that run apart by nearly one percent; Raft is played by a few
 * lines that keep its promises. At no time may a node think that it is fresh and lack what some
 * leader has released and others may look at. One thread, a seed each.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what comes of them is looked at elsewhere
class LeaseSimulationTest {
  private static final int SEEDS = Integer.getInteger("pando.lease.seeds", 200);
  private static final int STEPS = 2_000;

  @Test
  void whoIsFreshHasAllThatIsReleased() {
    long fresh = 0;
    long released = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      World world = new World(seed, 3 + 2 * (int) (seed % 2));
      for (int step = 0; step < STEPS; step++) {
        world.step();
        fresh += world.check(step);
      }
      released += world.acknowledged;
    }
    assertThat(fresh).as("nodes that were fresh").isGreaterThan((long) SEEDS * STEPS / 4);
    assertThat(released).as("entries that were released").isGreaterThan(SEEDS * 50L);
  }

  /** A message that arrives when its time has come, unless it is lost. */
  private record Message(long due, int to, Runnable arrive) {}

  private static final class World {
    final Random random;
    final long seed;
    final List<Peer> peers = new ArrayList<>();
    final Set<NodeId> all;
    final List<Message> underWay = new ArrayList<>();

    /** The time that nobody sees, nanoseconds. */
    long time;

    /** What is committed; whoever is elected has all of it. */
    long committed = 5;

    /** Entries that others may look at. */
    final TreeSet<Long> publicEntries = new TreeSet<>();

    /** The highest index that any leader has released. */
    long acknowledged = -1;

    long newestTerm = 1;

    World(long seed, int count) {
      this.seed = seed;
      random = new Random(seed);
      all = LongStream.rangeClosed(1, count).mapToObj(NodeId::new).collect(Collectors.toSet());
      for (int i = 0; i < count; i++) {
        peers.add(new Peer(this, i));
      }
      peers.forEach(Peer::start);
      elect();
    }

    void step() {
      time += random.nextInt(4) == 0 ? random.nextInt((int) (20 * MS)) : random.nextInt(200_000);
      deliver();
      Peer one = peers.get(random.nextInt(peers.size()));
      int dice = random.nextInt(1000);
      if (dice < 250) {
        commit();
      } else if (dice < 850) {
        one.applySome();
      } else if (dice < 853) {
        elect();
      } else if (dice < 856) {
        one.stoppedUntil = time + random.nextInt((int) (2 * LEASE));
      } else if (dice < 858) {
        one.restart();
      } else if (dice < 862) {
        one.cutOffUntil = time + random.nextInt((int) (3 * LEASE));
      } else if (dice < 866) {
        one.installCheckpoint();
      } else if (dice < 900) {
        one.noticeLeader();
      }
      for (Peer peer : peers) {
        peer.runTimers();
      }
    }

    private void deliver() {
      List<Message> now = new ArrayList<>();
      underWay.removeIf(
          message -> {
            boolean arrives = message.due <= time && peers.get(message.to).runs();
            return arrives && now.add(message);
          });
      Collections.shuffle(now, random);
      now.forEach(message -> message.arrive.run());
    }

    void send(int from, int to, Runnable arrive) {
      boolean cut = from != to && (peers.get(from).cutOff() ^ peers.get(to).cutOff());
      // A cut stands between majority and minority; those on one side of it hear each other.
      if (from == to) {
        underWay.add(new Message(time, to, arrive));
      } else if (!cut && random.nextInt(50) != 0) {
        boolean late = random.nextInt(40) == 0;
        long delay = random.nextInt((int) ((late ? 300 : 3) * MS));
        underWay.add(new Message(time + delay, to, arrive));
      }
    }

    /** Somebody who has all that is committed wins a majority, which leaves its old term. */
    private void elect() {
      List<Peer> voters = new ArrayList<>(peers.stream().filter(Peer::runs).toList());
      Collections.shuffle(voters, random);
      int majority = peers.size() / 2 + 1;
      if (voters.size() < majority) {
        return;
      }
      Peer winner = voters.get(0);
      newestTerm++;
      voters.subList(0, majority).forEach(peer -> peer.term = newestTerm);
      long before = winner.applied;
      winner.applied = committed;
      winner.releases.look(() -> newestTerm, () -> committed);
      winner.leadsTerm = newestTerm;
      winner.applyDone(before);
    }

    /** The newest leader commits while a majority is in its term; older ones can't. */
    private void commit() {
      for (Peer peer : peers) {
        boolean elected = peer.leadsTerm == newestTerm && peer.runs();
        long followers =
            peers.stream().filter(p -> p.runs() && p.term <= newestTerm && !p.cutOff()).count();
        if (elected && !peer.cutOff() && followers > peers.size() / 2) {
          peers.stream().filter(p -> p.runs() && !p.cutOff()).forEach(p -> p.term = newestTerm);
          committed++;
          long index = committed;
          if (random.nextInt(3) > 0) {
            publicEntries.add(index);
          }
          peer.applied = index;
          peer.releases.applied(index, publicEntries.contains(index));
          peer.releases
              .whenReleased(index)
              .whenComplete(
                  (released, failure) -> {
                    if (failure == null) {
                      acknowledged = Math.max(acknowledged, index);
                    }
                  });
          peer.applyDone(index - 1);
        }
      }
    }

    /** The last entry that others may look at, of those that were acknowledged. */
    private long lastPublic() {
      Long last = publicEntries.floor(acknowledged);
      return last == null ? -1 : last;
    }

    /** Returns how many are fresh. */
    long check(int step) {
      long fresh = 0;
      for (Peer peer : peers) {
        if (peer.runs() && peer.freshness.isFresh()) {
          fresh++;
          assertThat(peer.applied)
              .as("n%d is fresh, seed %d, step %d", peer.at + 1, seed, step)
              .isGreaterThanOrEqualTo(lastPublic());
        }
        if (peer.runs()) {
          peer.look();
          long index = peer.releases.readIndexIfProven();
          // What anybody is told to be released may be shown: it counts as acknowledged.
          acknowledged = Math.max(acknowledged, peer.freshness.released());
          assertThat(index < 0 || index >= acknowledged)
              .as("n%d answers a read index, seed %d, step %d", peer.at + 1, seed, step)
              .isTrue();
        }
      }
      return fresh;
    }
  }

  private static final class Peer implements Clock, Timer {
    final World world;
    final int at;
    final NodeId id;
    final long drift;
    final List<long[]> dues = new ArrayList<>();
    final List<Runnable> tasks = new ArrayList<>();
    Releases releases;
    Freshness freshness;
    DirtyInodes dirty = new DirtyInodes(64);
    long term = 1;
    long leadsTerm = -1;
    long applied = 5;
    long stoppedUntil;
    long cutOffUntil;

    Peer(World world, int at) {
      this.world = world;
      this.at = at;
      this.id = new NodeId(at + 1);
      // Per mille: within one percent of each other.
      this.drift = world.random.nextInt(9) - 4L;
      make();
    }

    private void make() {
      releases = new Releases(this, this, id, LEASE, () -> List.of(world.all));
      releases.members(world.all);
      releases.watchVoters();
      long incarnation = world.random.nextLong();
      freshness =
          new Freshness(
              id,
              incarnation,
              this,
              this,
              LEASE,
              this::ask,
              this::term,
              releases::answeredAt,
              dirty,
              () -> CompletableFuture.completedFuture(null));
    }

    void start() {
      freshness.regain(applied, freshness.giveUps());
      freshness.wanted(true);
      freshness.start();
    }

    private long term() {
      return term;
    }

    boolean runs() {
      return stoppedUntil <= world.time;
    }

    boolean cutOff() {
      return cutOffUntil > world.time;
    }

    @Override
    public Timestamp now() {
      return Timestamp.EPOCH;
    }

    @Override
    public long nanoTime() {
      return world.time + world.time / 1000 * drift;
    }

    @Override
    public void after(long nanos, Runnable task) {
      dues.add(new long[] {nanoTime() + nanos});
      tasks.add(task);
    }

    void runTimers() {
      for (int i = 0; i < tasks.size() && runs(); i++) {
        if (dues.get(i)[0] <= nanoTime()) {
          dues.remove(i);
          tasks.remove(i--).run();
        }
      }
    }

    /** Asks the leader of its own term, or the newest, or a former one that does not know. */
    private CompletableFuture<ConfirmAnswer> ask(ConfirmRequest request) {
      CompletableFuture<ConfirmAnswer> back = new CompletableFuture<>();
      List<Peer> leaders = world.peers.stream().filter(p -> p.leadsTerm > 0).toList();
      if (leaders.isEmpty()) {
        back.completeExceptionally(new NoLeaderException("none"));
        return back;
      }
      Peer leader = leaders.get(world.random.nextInt(leaders.size()));
      for (Peer one : leaders) {
        if (one.leadsTerm == request.getTerm() && world.random.nextInt(8) != 0) {
          leader = one;
        }
      }
      Peer asked = leader;
      Releases process = asked.releases;
      world.send(
          at,
          asked.at,
          () -> {
            asked.look();
            process
                .confirm(request)
                .whenComplete(
                    (answer, failure) ->
                        world.send(asked.at, at, () -> arrive(answer, failure, back)));
          });
      return back;
    }

    private static void arrive(
        ConfirmAnswer answer, @Nullable Throwable failure, CompletableFuture<ConfirmAnswer> back) {
      if (failure == null) {
        back.complete(answer);
      } else {
        back.completeExceptionally(failure);
      }
    }

    /** As LeaderFreshness does: a leader that has heard of a later term leads no more. */
    void look() {
      if (leadsTerm > 0 && term != leadsTerm) {
        leadsTerm = -1;
        releases.look(() -> -1, () -> -1);
      }
    }

    /** Learns of the newest leader, and asks it. */
    void noticeLeader() {
      if (runs() && !cutOff()) {
        term = world.newestTerm;
        freshness.leaderChanged();
      }
    }

    void applySome() {
      if (runs() && applied < world.committed && !cutOff()) {
        // Who is sent entries is in the term of who sends them.
        term = world.newestTerm;
        look();
        long before = applied;
        applied += 1 + world.random.nextInt((int) (world.committed - applied));
        applyDone(before);
      }
    }

    void applyDone(long before) {
      for (long index = before + 1; index <= applied; index++) {
        boolean isPublic = world.publicEntries.contains(index);
        if (leadsTerm > 0) {
          releases.applied(index, isPublic);
        }
        freshness.applied(index, isPublic);
      }
    }

    void installCheckpoint() {
      if (runs() && applied < world.committed && leadsTerm < 0 && !cutOff()) {
        term = world.newestTerm;
        dirty.everything(world.committed);
        freshness.giveUp();
        applied = world.committed;
        freshness.regain(applied, freshness.giveUps());
      }
    }

    /** A new process, whose tables may have gone back to a checkpoint. */
    void restart() {
      tasks.clear();
      dues.clear();
      leadsTerm = -1;
      stoppedUntil = 0;
      applied -= world.random.nextInt((int) Math.min(6, applied));
      dirty = new DirtyInodes(64);
      make();
      start();
    }
  }
}
