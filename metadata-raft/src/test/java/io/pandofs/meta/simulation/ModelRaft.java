package io.pandofs.meta.simulation;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Raft as in the paper (Ongaro and Ousterhout, 2014: elections, log replication, commitment only of
 * the own term's entries, checkpoint install), on simulated hosts: what the replicated log of a
 * cluster may do to those who use it, at its worst. A model for tests; the product's log is Ratis.
 *
 * <p>An entry counts for a quorum only once it is on a host's disk, a checkpoint once it is there
 * whole; a crash takes what was not. A host whose disk has lost what it acknowledged goes on as one
 * that has no vote.
 *
 * <p>The voters are in the log and change by one at a time (Ongaro's thesis, 2014, section 4). Who
 * does not vote yet gets the log and counts for nothing.
 */
public final class ModelRaft {
  /** What the log is applied to. Lives in memory; a new one is made when the host starts. */
  public interface Machine {
    /** Applies the next entry; the answer goes to its proposer if it is here. */
    Object apply(long index, long term, byte[] entry);

    /** The entry at this index is Raft's own: with it a term begins, or the voters change. */
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
   * @param oneVoterAtATime any majority of the voters meets any of those before and after a change
   */
  public record Care(
      boolean durableBeforePurged, boolean noVoteAfterALoss, boolean oneVoterAtATime) {
    public static final Care ALL = new Care(true, true, true);
  }

  private final World world;
  private final Network network;
  private final Map<Integer, ModelPeer> peers = new TreeMap<>();
  private final Map<Integer, ModelPeer> former = new TreeMap<>();
  private final Map<Long, RaftDisk.Entry> ever = new HashMap<>();
  private final long electionNanos;
  private final Care care;

  /**
   * @param hosts who votes at first
   * @param electionNanos the shortest silence of a leader after which others stand for election;
   *     the longest is twice that
   */
  public ModelRaft(World world, Network network, List<Host> hosts, long electionNanos, Care care) {
    this.care = care;
    this.electionNanos = electionNanos;
    this.world = world;
    this.network = network;
    Set<Integer> voters = new TreeSet<>();
    hosts.forEach(host -> voters.add(host.number()));
    Set<Integer> founders = Collections.unmodifiableSet(voters);
    hosts.forEach(host -> peers.put(host.number(), new ModelPeer(this, host, founders)));
  }

  World world() {
    return world;
  }

  Network network() {
    return network;
  }

  long electionNanos() {
    return electionNanos;
  }

  Care care() {
    return care;
  }

  public ModelPeer peer(Host host) {
    return peer(host.number());
  }

  ModelPeer peer(int number) {
    ModelPeer peer = peers.getOrDefault(number, former.get(number));
    if (peer == null) {
      throw new IllegalArgumentException("h" + number + " is no member");
    }
    return peer;
  }

  Collection<ModelPeer> peers() {
    return peers.values();
  }

  /** A host that gets the log and has no vote until somebody sees to it. */
  public ModelPeer add(Host host) {
    ModelPeer peer = new ModelPeer(this, host, Set.of());
    peers.put(host.number(), peer);
    return peer;
  }

  /** A host, which votes no more, is gone for good. */
  public void remove(Host host) {
    former.put(host.number(), peers.remove(host.number()));
  }

  /** A host votes no more: it gets the log only from leaders that do not know. */
  void lost(int number) {
    peer(number).listensNoMore();
  }

  /**
   * The disk of this host, which is down, loses the end of its log, or everything; not if there
   * would be voters of which no majority has all it ever had.
   *
   * @return whether it did
   */
  public boolean lose(Host host) {
    boolean mayLose =
        peers.values().stream().allMatch(peer -> peer.hasLost() || canSpare(host, peer.voters()));
    if (mayLose) {
      peer(host).lose();
    }
    return mayLose;
  }

  /** Whether a majority of these voters has lost nothing, this host aside. */
  public boolean canSpare(Host host, Set<Integer> voters) {
    long whole =
        voters.stream()
            .filter(one -> one != host.number() && peers.containsKey(one) && !peer(one).hasLost())
            .count();
    return voters.isEmpty() || 2 * whole > voters.size();
  }

  /** State machine safety: what was applied once at an index is applied there everywhere. */
  @SuppressWarnings("ReferenceEquality") // hosts share the entries of the simulation
  void everCommitted(long index, RaftDisk.Entry entry) {
    RaftDisk.Entry first = ever.putIfAbsent(index, entry);
    if (first != null && first != entry) {
      throw new AssertionError("two entries were applied at " + index);
    }
  }
}
