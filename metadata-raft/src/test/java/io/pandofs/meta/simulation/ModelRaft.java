package io.pandofs.meta.simulation;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Raft as in the paper (Ongaro and Ousterhout, 2014: elections, log replication, commitment only of
 * the own term's entries, checkpoint install), on simulated hosts: what the replicated log of a
 * cluster may do to those who use it, at its worst. A model for tests; the product's log is Ratis.
 *
 * <p>An entry counts for a quorum only once it is on a host's disk, a checkpoint once it is there
 * whole; a crash takes what was not. A host whose disk has lost what it acknowledged goes on as one
 * that has no vote.
 */
public final class ModelRaft {
  private static final int HEARTBEATS_A_SILENCE = 5;
  private static final long SYNC_NANOS_MAX = 2_000_000;
  private static final long CHECKPOINT_NANOS_MAX = 40_000_000;
  private static final int ENTRIES_AT_ONCE = 16;

  /** What the log is applied to. Lives in memory; a new one is made when the host starts. */
  public interface Machine {
    /** Applies the next entry; the answer goes to its proposer if it is here. */
    Object apply(long index, long term, byte[] entry);

    /** The entry at this index is a leader's own, with which its term begins. */
    default void passed(long index) {}

    /** Another host leads as far as this one knows, or none. */
    default void leaderChanged() {}

    /** A copy of the whole state as of now. */
    Object checkpoint();

    /** Becomes what the checkpoint holds. */
    void install(Object checkpoint, long index);

    /** This host has become the leader of a term, has applied all before it, and may serve. */
    void leads(long term);

    /** This host leads no more. */
    void leadsNoMore();
  }

  /**
   * What those who keep the log must take care of; a simulation may be run without.
   *
   * @param durableBeforePurged the log goes only when the checkpoint that stands for it is on disk
   * @param noVoteAfterALoss who has lost what it acknowledged never votes again
   */
  public record Care(boolean durableBeforePurged, boolean noVoteAfterALoss) {
    public static final Care ALL = new Care(true, true);
  }

  private enum Role {
    FOLLOWER,
    CANDIDATE,
    LEADER
  }

  /** One host's part of the group. */
  public final class Peer {
    private final Host host;
    private final RaftDisk disk = new RaftDisk();
    private @Nullable Machine machine;
    private Role role = Role.FOLLOWER;
    private int leader;
    private long committed;
    private long applied;
    private boolean ready;
    private long electionAtNanos;
    private boolean electionArmed;
    private long rounds;
    private int votes;
    private final Map<Integer, Long> next = new HashMap<>();
    private final Map<Integer, Long> match = new HashMap<>();
    private final TreeMap<Long, CompletableFuture<Object>> proposals = new TreeMap<>();
    private final List<Proof> proofs = new ArrayList<>();

    private Peer(Host host) {
      this.host = host;
    }

    /** A wish to hear that this peer still leads: in answers to rounds sent from this one on. */
    private final class Proof {
      final CompletableFuture<Void> answer = new CompletableFuture<>();
      final Set<Integer> heard = new HashSet<>(Set.of(host.number()));
      final long round = rounds + 1;
    }

    public Host host() {
      return host;
    }

    public boolean leads() {
      return role == Role.LEADER && ready;
    }

    public long term() {
      return disk.term;
    }

    public long applied() {
      return applied;
    }

    public long committed() {
      return committed;
    }

    /** Who leads as far as this host knows; null if nobody. */
    public @Nullable Peer leader() {
      return leader == 0 ? null : peers.get(leader);
    }

    /** Begins with an empty memory and the disk as it is. */
    public void start(Machine fresh) {
      machine = fresh;
      role = Role.FOLLOWER;
      leader = 0;
      ready = false;
      electionArmed = false;
      proposals.clear();
      proofs.clear();
      disk.cutAfter(Math.max(disk.syncedTo, disk.firstIndex - 1));
      // The same, unless the log was purged too early.
      applied = Math.max(disk.checkpointIndex, disk.firstIndex - 1);
      committed = applied;
      if (disk.checkpoint != null) {
        fresh.install(disk.checkpoint, disk.checkpointIndex);
      }
      awaitElection();
    }

    /**
     * Proposes an entry: answered when it is applied here. Fails with an IOException when this host
     * does not lead (then it was not done) or stops to (then it may have been).
     */
    public CompletableFuture<Object> propose(byte[] entry) {
      if (!leads()) {
        return CompletableFuture.failedFuture(new IOException(host + " does not lead"));
      }
      CompletableFuture<Object> answer = new CompletableFuture<>();
      append(new RaftDisk.Entry(disk.term, entry));
      proposals.put(disk.last(), answer);
      replicateToAll();
      return answer;
    }

    /** Completes when a majority has said, after this call, that this host leads. */
    public CompletableFuture<Void> proveLeading() {
      if (!leads()) {
        return CompletableFuture.failedFuture(new IOException(host + " does not lead"));
      }
      Proof proof = new Proof();
      if (isMajority(proof.heard.size())) {
        proof.answer.complete(null);
      } else {
        proofs.add(proof);
        replicateToAll();
      }
      return proof.answer;
    }

    /**
     * Makes a checkpoint and, when it is on disk, forgets the log up to it, but for {@code keep}
     * entries.
     */
    public void checkpoint(int keep) {
      if (machine == null || applied <= disk.checkpointIndex) {
        return;
      }
      Object made = machine.checkpoint();
      long index = applied;
      if (!care.durableBeforePurged) {
        purge(index, keep);
      }
      host.after(
          world.between(0, CHECKPOINT_NANOS_MAX),
          () -> {
            if (index > disk.checkpointIndex) {
              disk.checkpoint = made;
              disk.checkpointIndex = index;
              purge(index, keep);
            }
          });
    }

    private void purge(long upTo, int keep) {
      disk.purgeBefore(Math.min(upTo, disk.syncedTo) + 1 - keep);
    }

    /** The disk of this host, which is down, loses the end of its log, or everything. */
    public void lose() {
      disk.hasLost = true;
      if (world.chance(0.5)) {
        disk.loseEverything();
      } else {
        long kept = Math.max(disk.checkpointIndex, disk.firstIndex - 1);
        disk.cutAfter(world.between(kept, Math.max(kept, disk.last())));
        disk.syncedTo = Math.min(disk.syncedTo, disk.last());
      }
    }

    private boolean votes() {
      return !disk.hasLost || !care.noVoteAfterALoss;
    }

    // Elections

    private void awaitElection() {
      electionAtNanos = world.nowNanos() + world.between(electionNanos, 2 * electionNanos);
      if (!electionArmed) {
        electionArmed = true;
        armElection();
      }
    }

    /** One event for many postponements. */
    private void armElection() {
      host.after(
          electionAtNanos - world.nowNanos(),
          () -> {
            if (world.nowNanos() < electionAtNanos) {
              armElection();
              return;
            }
            electionArmed = false;
            if (role != Role.LEADER && votes()) {
              standForElection();
            }
          });
    }

    private void standForElection() {
      role = Role.CANDIDATE;
      knowLeader(0);
      disk.term++;
      disk.votedFor = host.number();
      votes = 1;
      world.trace(host + " stands for election in term " + disk.term);
      awaitElection();
      long term = disk.term;
      long last = disk.last();
      long lastTerm = disk.termAt(last);
      if (isMajority(votes)) {
        lead();
        return;
      }
      others().forEach(o -> network.send(host, o.host, () -> o.vote(this, term, last, lastTerm)));
    }

    private void vote(Peer candidate, long term, long last, long lastTerm) {
      if (!votes()) {
        return;
      }
      hear(term);
      boolean newer =
          lastTerm > disk.termAt(disk.last())
              || (lastTerm == disk.termAt(disk.last()) && last >= disk.last());
      boolean free = disk.votedFor == 0 || disk.votedFor == candidate.host.number();
      if (term == disk.term && free && newer) {
        disk.votedFor = candidate.host.number();
        awaitElection();
        network.send(host, candidate.host, () -> candidate.voted(term));
      }
    }

    private void voted(long term) {
      if (role == Role.CANDIDATE && term == disk.term && isMajority(++votes)) {
        lead();
      }
    }

    private void lead() {
      world.trace(host + " leads term " + disk.term);
      role = Role.LEADER;
      knowLeader(host.number());
      ready = false;
      next.clear();
      match.clear();
      for (Peer other : others()) {
        next.put(other.host.number(), disk.last() + 1);
        match.put(other.host.number(), 0L);
      }
      append(new RaftDisk.Entry(disk.term, null));
      beat(disk.term);
    }

    private void beat(long term) {
      if (role == Role.LEADER && term == disk.term) {
        replicateToAll();
        host.after(electionNanos / HEARTBEATS_A_SILENCE, () -> beat(term));
      }
    }

    private void hear(long term) {
      if (term > disk.term) {
        disk.term = term;
        disk.votedFor = 0;
        follow(0);
      }
    }

    private void knowLeader(int now) {
      boolean news = leader != now;
      leader = now;
      if (news) {
        machine().leaderChanged();
      }
    }

    private void follow(int newLeader) {
      boolean led = role == Role.LEADER;
      role = Role.FOLLOWER;
      ready = false;
      knowLeader(newLeader);
      if (led) {
        world.trace(host + " leads no more");
        machine().leadsNoMore();
        awaitElection();
        IOException gone = new IOException(host + " leads no more");
        List<CompletableFuture<?>> lost = new ArrayList<>(proposals.values());
        proofs.forEach(proof -> lost.add(proof.answer));
        proposals.clear();
        proofs.clear();
        lost.forEach(one -> one.completeExceptionally(gone));
      }
    }

    // Replication

    private void append(RaftDisk.Entry entry) {
      disk.log.add(entry);
      sync(() -> {});
    }

    private void sync(Runnable then) {
      long to = disk.last();
      long term = disk.termAt(to);
      host.after(
          world.between(0, SYNC_NANOS_MAX),
          () -> {
            if (to < disk.firstIndex || (to <= disk.last() && disk.termAt(to) == term)) {
              disk.syncedTo = Math.max(disk.syncedTo, to);
              then.run();
              advance();
            }
          });
    }

    private void replicateToAll() {
      others().forEach(this::replicate);
    }

    private void replicate(Peer to) {
      long term = disk.term;
      long round = ++rounds;
      long from = next.getOrDefault(to.host.number(), disk.last() + 1);
      if (from < disk.firstIndex) {
        Object checkpoint = disk.checkpoint;
        long index = disk.checkpointIndex;
        long indexTerm = disk.termAt(index);
        if (checkpoint != null) {
          network.send(
              host, to.host, () -> to.install(this, term, round, checkpoint, index, indexTerm));
        }
        return;
      }
      long before = from - 1;
      long beforeTerm = disk.termAt(before);
      List<RaftDisk.Entry> entries = new ArrayList<>();
      for (long i = from; i <= disk.last() && entries.size() < ENTRIES_AT_ONCE; i++) {
        entries.add(disk.at(i));
      }
      long commit = committed;
      network.send(
          host, to.host, () -> to.take(this, term, round, before, beforeTerm, entries, commit));
    }

    private void take(
        Peer from,
        long term,
        long round,
        long before,
        long beforeTerm,
        List<RaftDisk.Entry> entries,
        long commit) {
      hear(term);
      if (term < disk.term) {
        long mine = disk.term;
        network.send(host, from.host, () -> from.hear(mine));
        return;
      }
      follow(from.host.number());
      awaitElection();
      if (before > disk.last()
          || (before >= disk.firstIndex - 1 && disk.termAt(before) != beforeTerm)) {
        long back = Math.min(before, disk.last() + 1);
        network.send(host, from.host, () -> from.refused(this, term, round, Math.max(1, back)));
        return;
      }
      put(before, entries);
      long matched = before + entries.size();
      sync(
          () ->
              network.send(
                  host,
                  from.host,
                  () -> from.taken(this, term, round, Math.min(matched, disk.syncedTo))));
      commitTo(Math.min(commit, matched));
    }

    private void put(long before, List<RaftDisk.Entry> entries) {
      for (int i = 0; i < entries.size(); i++) {
        long index = before + 1 + i;
        if (index < disk.firstIndex) {
          continue;
        }
        if (index <= disk.last() && disk.termAt(index) != entries.get(i).term()) {
          if (index <= applied) {
            throw new AssertionError(host + " would take back an applied entry " + index);
          }
          disk.cutAfter(index - 1);
          disk.syncedTo = Math.min(disk.syncedTo, index - 1);
        }
        if (index > disk.last()) {
          disk.log.add(entries.get(i));
        }
      }
    }

    private void taken(Peer by, long term, long round, long matched) {
      if (role != Role.LEADER || term != disk.term) {
        return;
      }
      int number = by.host.number();
      match.merge(number, matched, Math::max);
      next.merge(number, matched + 1, Math::max);
      heardFrom(number, round);
      advance();
      if (next.getOrDefault(number, 0L) <= disk.last()) {
        replicate(by);
      }
    }

    private void refused(Peer by, long term, long round, long back) {
      if (role == Role.LEADER && term == disk.term) {
        heardFrom(by.host.number(), round);
        // Of one that has lost something, what it once had says nothing.
        long had = by.disk.hasLost ? 0 : match.getOrDefault(by.host.number(), 0L);
        next.put(by.host.number(), Math.max(had + 1, back));
        replicate(by);
      }
    }

    private void heardFrom(int number, long round) {
      if (!peers.get(number).votes()) {
        return;
      }
      for (Proof proof : List.copyOf(proofs)) {
        if (round >= proof.round) {
          proof.heard.add(number);
        }
        if (isMajority(proof.heard.size())) {
          proofs.remove(proof);
          proof.answer.complete(null);
        }
      }
    }

    private void advance() {
      if (role != Role.LEADER) {
        return;
      }
      for (long index = disk.last(); index > committed; index--) {
        long wanted = index;
        long holders =
            (disk.syncedTo >= index ? 1 : 0)
                + others().stream()
                    .filter(other -> other.votes() && match.get(other.host.number()) >= wanted)
                    .count();
        if (disk.termAt(index) == disk.term && isMajority(holders)) {
          commitTo(index);
          replicateToAll();
          return;
        }
      }
    }

    private void commitTo(long index) {
      committed = Math.max(committed, index);
      while (applied < Math.min(committed, disk.last())) {
        applied++;
        RaftDisk.Entry entry = disk.at(applied);
        everCommitted(applied, entry);
        if (entry.bytes() == null) {
          machine().passed(applied);
          if (role == Role.LEADER && entry.term() == disk.term) {
            ready = true;
            machine().leads(disk.term);
          }
          continue;
        }
        Object answer = machine().apply(applied, entry.term(), entry.bytes());
        CompletableFuture<Object> waiting = proposals.remove(applied);
        if (waiting != null) {
          waiting.complete(answer);
        }
      }
    }

    private void install(
        Peer from, long term, long round, Object checkpoint, long index, long indexTerm) {
      hear(term);
      if (term < disk.term) {
        return;
      }
      follow(from.host.number());
      awaitElection();
      if (index > applied) {
        world.trace(host + " installs a checkpoint of " + index);
        disk.log.clear();
        disk.firstIndex = index + 1;
        disk.termBeforeFirst = indexTerm;
        disk.checkpoint = checkpoint;
        disk.checkpointIndex = index;
        disk.syncedTo = index;
        committed = index;
        applied = index;
        machine().install(checkpoint, index);
      }
      long matched = applied;
      network.send(host, from.host, () -> from.taken(this, term, round, matched));
    }

    private Machine machine() {
      if (machine == null) {
        throw new IllegalStateException(host + " was not started");
      }
      return machine;
    }

    private List<Peer> others() {
      List<Peer> others = new ArrayList<>(peers.values());
      others.remove(this);
      return others;
    }
  }

  private final World world;
  private final Network network;
  private final Map<Integer, Peer> peers = new TreeMap<>();
  private final Map<Long, RaftDisk.Entry> ever = new HashMap<>();
  private final long electionNanos;
  private final Care care;

  /**
   * @param electionNanos the shortest silence of a leader after which others stand for election;
   *     the longest is twice that
   */
  public ModelRaft(World world, Network network, List<Host> hosts, long electionNanos, Care care) {
    this.care = care;
    this.electionNanos = electionNanos;
    this.world = world;
    this.network = network;
    hosts.forEach(host -> peers.put(host.number(), new Peer(host)));
  }

  public Peer peer(Host host) {
    Peer peer = peers.get(host.number());
    if (peer == null) {
      throw new IllegalArgumentException(host + " is no member");
    }
    return peer;
  }

  private boolean isMajority(long count) {
    return count > peers.size() / 2;
  }

  /** State machine safety: what was applied once at an index is applied there everywhere. */
  @SuppressWarnings("ReferenceEquality") // hosts share the entries of the simulation
  private void everCommitted(long index, RaftDisk.Entry entry) {
    RaftDisk.Entry first = ever.putIfAbsent(index, entry);
    if (first != null && first != entry) {
      throw new AssertionError("two entries were applied at " + index);
    }
  }
}
