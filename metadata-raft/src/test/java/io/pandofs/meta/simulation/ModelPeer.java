package io.pandofs.meta.simulation;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One host's part of the group. It goes by the newest voters in its log, committed or not, or else
 * by those of its checkpoint.
 */
public final class ModelPeer {
  private static final int HEARTBEATS_A_SILENCE = 5;
  private static final long SYNC_NANOS_MAX = 2_000_000;
  private static final long CHECKPOINT_NANOS_MAX = 40_000_000;
  private static final int ENTRIES_AT_ONCE = 16;

  private enum Role {
    FOLLOWER,
    CANDIDATE,
    LEADER
  }

  private final ModelRaft group;
  private final World world;
  private final Network network;
  private final Host host;
  private final RaftDisk disk;
  private ModelRaft.@Nullable Machine machine;
  private Role role = Role.FOLLOWER;
  private int leader;
  private long committed;
  private long applied;
  private boolean ready;
  private long electionAtNanos;
  private boolean electionArmed;
  private long rounds;
  private long heardNanos;
  private boolean listens;
  private final Set<Integer> votes = new HashSet<>();
  private final Map<Integer, Long> next = new HashMap<>();
  private final Map<Integer, Long> match = new HashMap<>();
  private final TreeMap<Long, CompletableFuture<Object>> proposals = new TreeMap<>();
  private final LeadershipProofs proofs;

  /**
   * @param founders who voted when the group began, if this one was there; otherwise it listens
   */
  ModelPeer(ModelRaft group, Host host, Set<Integer> founders) {
    this.group = group;
    this.world = group.world();
    this.network = group.network();
    this.host = host;
    this.listens = founders.isEmpty();
    this.disk = new RaftDisk(founders);
    this.proofs = new LeadershipProofs(host.number(), disk::isMajority);
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
  public @Nullable ModelPeer leader() {
    return leader == 0 ? null : group.peer(leader);
  }

  /** Begins with an empty memory and the disk as it is. */
  public void start(ModelRaft.Machine fresh) {
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
    return put(new RaftDisk.Entry(disk.term, entry, null));
  }

  /** Completes when a majority has said, after this call, that this host leads. */
  public CompletableFuture<Void> proveLeading() {
    if (!leads()) {
      return CompletableFuture.failedFuture(new IOException(host + " does not lead"));
    }
    CompletableFuture<Void> answer = proofs.ask(rounds + 1);
    if (!answer.isDone()) {
      replicateToAll();
    }
    return answer;
  }

  // Voters

  /** Who votes as far as this peer's log goes. */
  public Set<Integer> voters() {
    return disk.voters();
  }

  /** As {@link #voters}, and those before them while the change is not known to be committed. */
  public List<Set<Integer>> voterGroups() {
    return disk.voterGroups(committed);
  }

  /** Whether a peer has about all that is committed, as this one knows, which leads. */
  public boolean isCaughtUp(Host newcomer) {
    return match.getOrDefault(newcomer.number(), 0L) >= committed - ENTRIES_AT_ONCE;
  }

  /**
   * Makes these the voters: as with {@link #propose}. One may be new, or one gone, and only when
   * the change before is committed.
   */
  public CompletableFuture<Object> changeVoters(Set<Integer> then) {
    Set<Integer> now = disk.voters();
    if (!leads() || !then.contains(host.number())) {
      return CompletableFuture.failedFuture(new IOException(host + " does not lead these"));
    }
    boolean oneAtATime = disk.votersSince() <= committed && disk.differsByOne(then);
    if (!oneAtATime && group.care().oneVoterAtATime()) {
      return CompletableFuture.failedFuture(new IOException("one voter at a time"));
    }
    world.trace(host + " changes the voters from " + now + " to " + then);
    now.stream().filter(gone -> !then.contains(gone)).forEach(group::lost);
    return put(new RaftDisk.Entry(disk.term, null, then));
  }

  /** From now on only leaders of which it is a voter send it anything. */
  void listensNoMore() {
    listens = false;
  }

  /** Another is to lead, as chance has it. */
  public void stepDown() {
    if (role == Role.LEADER) {
      follow(0);
    }
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
    if (!group.care().durableBeforePurged()) {
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

  /** Something is gone from the disk of this host, which is down. */
  void lose() {
    disk.lose(world);
  }

  public boolean hasLost() {
    return disk.hasLost;
  }

  private boolean mayVote() {
    return !disk.hasLost || !group.care().noVoteAfterALoss();
  }

  // Elections

  private void awaitElection() {
    electionAtNanos =
        world.nowNanos() + world.between(group.electionNanos(), 2 * group.electionNanos());
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
          if (role != Role.LEADER && mayVote() && disk.voters().contains(host.number())) {
            standForElection();
          }
        });
  }

  private void standForElection() {
    role = Role.CANDIDATE;
    knowLeader(0);
    disk.term++;
    disk.votedFor = host.number();
    votes.clear();
    votes.add(host.number());
    world.trace(host + " stands for election in term " + disk.term);
    awaitElection();
    long term = disk.term;
    long last = disk.last();
    long lastTerm = disk.termAt(last);
    if (disk.isMajority(votes)) {
      lead();
      return;
    }
    for (ModelPeer other : others()) {
      if (disk.voters().contains(other.host.number())) {
        network.send(host, other.host, () -> other.vote(this, term, last, lastTerm));
      }
    }
  }

  private void vote(ModelPeer candidate, long term, long last, long lastTerm) {
    boolean isOneOfUs = disk.voters().contains(candidate.host.number());
    if (!mayVote() || (!isOneOfUs && hearsFromALeader())) {
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
      network.send(host, candidate.host, () -> candidate.voted(host.number(), term));
    }
  }

  /** Then who was removed and does not know it is not listened to. */
  private boolean hearsFromALeader() {
    return role == Role.LEADER
        || (leader != 0 && world.nowNanos() - heardNanos < group.electionNanos());
  }

  private void voted(int by, long term) {
    if (role == Role.CANDIDATE && term == disk.term && votes.add(by) && disk.isMajority(votes)) {
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
    for (ModelPeer other : others()) {
      next.put(other.host.number(), disk.last() + 1);
      match.put(other.host.number(), 0L);
    }
    append(new RaftDisk.Entry(disk.term, null, null));
    beat(disk.term);
  }

  private void beat(long term) {
    if (role == Role.LEADER && term == disk.term) {
      replicateToAll();
      host.after(group.electionNanos() / HEARTBEATS_A_SILENCE, () -> beat(term));
    }
  }

  private void hear(long term) {
    if (term > disk.term) {
      disk.term = term;
      disk.votedFor = 0;
      follow(0);
    }
  }

  private void hearFrom(ModelPeer from) {
    follow(from.host.number());
    heardNanos = world.nowNanos();
    awaitElection();
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
      lost.addAll(proofs.clear());
      proposals.clear();
      lost.forEach(one -> one.completeExceptionally(gone));
    }
  }

  // Replication

  private CompletableFuture<Object> put(RaftDisk.Entry entry) {
    CompletableFuture<Object> answer = new CompletableFuture<>();
    append(entry);
    proposals.put(disk.last(), answer);
    replicateToAll();
    return answer;
  }

  private void append(RaftDisk.Entry entry) {
    disk.append(entry);
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
    for (ModelPeer other : others()) {
      if (other.listens || disk.voters().contains(other.host.number())) {
        replicate(other);
      }
    }
  }

  private void replicate(ModelPeer to) {
    long term = disk.term;
    long round = ++rounds;
    long from = next.getOrDefault(to.host.number(), disk.last() + 1);
    if (from < disk.firstIndex) {
      Object checkpoint = disk.checkpoint;
      long index = disk.checkpointIndex;
      long indexTerm = disk.termAt(index);
      Set<Integer> voters = disk.votersAt(index);
      if (checkpoint != null) {
        network.send(
            host,
            to.host,
            () -> to.install(this, term, round, checkpoint, index, indexTerm, voters));
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
      ModelPeer from,
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
    hearFrom(from);
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
        disk.append(entries.get(i));
      }
    }
  }

  private void taken(ModelPeer by, long term, long round, long matched) {
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

  private void refused(ModelPeer by, long term, long round, long back) {
    if (role == Role.LEADER && term == disk.term) {
      heardFrom(by.host.number(), round);
      // Of one that has lost something, what it once had says nothing.
      long had = by.disk.hasLost ? 0 : match.getOrDefault(by.host.number(), 0L);
      next.put(by.host.number(), Math.max(had + 1, back));
      replicate(by);
    }
  }

  private void heardFrom(int number, long round) {
    if (!group.peer(number).mayVote()) {
      return;
    }
    proofs.heard(number, round);
  }

  private void advance() {
    if (role != Role.LEADER) {
      return;
    }
    long index = heldByAMajority();
    if (index > committed && disk.termAt(index) == disk.term) {
      commitTo(index);
      replicateToAll();
    }
  }

  /** How far a majority of the voters has the log on its disks. */
  private long heldByAMajority() {
    Set<Integer> voters = disk.voters();
    long[] held = new long[voters.size()];
    int at = 0;
    for (int voter : voters) {
      boolean counts = group.peer(voter).mayVote();
      long has = counts ? match.getOrDefault(voter, 0L) : 0;
      held[at++] = voter == host.number() ? disk.syncedTo : has;
    }
    Arrays.sort(held);
    return held[(held.length - 1) / 2];
  }

  private void commitTo(long index) {
    committed = Math.max(committed, index);
    while (applied < Math.min(committed, disk.last())) {
      applied++;
      RaftDisk.Entry entry = disk.at(applied);
      group.everCommitted(applied, entry);
      if (entry.bytes() == null) {
        machine().passed(applied);
        if (role == Role.LEADER && entry.term() == disk.term && entry.voters() == null) {
          ready = true;
          machine().leads(disk.term);
        }
      }
      Object answer =
          entry.bytes() == null ? null : machine().apply(applied, entry.term(), entry.bytes());
      CompletableFuture<Object> waiting = proposals.remove(applied);
      if (waiting != null) {
        waiting.complete(answer);
      }
    }
  }

  private void install(
      ModelPeer from,
      long term,
      long round,
      Object checkpoint,
      long index,
      long indexTerm,
      Set<Integer> voters) {
    hear(term);
    if (term < disk.term) {
      return;
    }
    hearFrom(from);
    if (index > applied) {
      world.trace(host + " installs a checkpoint of " + index);
      disk.install(checkpoint, index, indexTerm, voters);
      committed = index;
      applied = index;
      machine().install(checkpoint, index);
    }
    long matched = applied;
    network.send(host, from.host, () -> from.taken(this, term, round, matched));
  }

  private ModelRaft.Machine machine() {
    if (machine == null) {
      throw new IllegalStateException(host + " was not started");
    }
    return machine;
  }

  private List<ModelPeer> others() {
    List<ModelPeer> others = new ArrayList<>(group.peers());
    others.remove(this);
    return others;
  }
}
