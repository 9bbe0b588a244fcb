package io.pandofs.meta.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What of a peer of {@link ModelRaft} survives a crash. */
final class RaftDisk {
  /**
   * An entry.
   *
   * @param bytes null for the one with which a leader begins its term, and for a change of voters
   * @param voters who votes from this entry on; null if that does not change
   */
  @SuppressWarnings("ArrayRecordComponent") // an entry is itself, whatever its bytes
  record Entry(long term, byte @Nullable [] bytes, @Nullable Set<Integer> voters) {}

  private final Set<Integer> founders;

  long term;
  int votedFor;
  long firstIndex = 1;
  long termBeforeFirst;
  final List<Entry> log = new ArrayList<>();
  @Nullable Object checkpoint;
  long checkpointIndex;
  long syncedTo;

  /** Something is gone that others rely on. */
  boolean hasLost;

  private Set<Integer> votersBeforeFirst;

  /** The changes of voters that are in the log, by their places. */
  private final TreeMap<Long, Set<Integer>> changes = new TreeMap<>();

  /**
   * @param founders who voted when the group began, if this one was there
   */
  RaftDisk(Set<Integer> founders) {
    this.founders = founders;
    this.votersBeforeFirst = founders;
  }

  long last() {
    return firstIndex + log.size() - 1;
  }

  long termAt(long index) {
    return index < firstIndex ? termBeforeFirst : log.get((int) (index - firstIndex)).term;
  }

  Entry at(long index) {
    return log.get((int) (index - firstIndex));
  }

  /** The newest voters in the log, committed or not. */
  Set<Integer> voters() {
    return votersAt(Long.MAX_VALUE);
  }

  /** Where in the log the voters changed last; 0 if that is not in it. */
  long votersSince() {
    return changes.isEmpty() ? 0 : changes.lastKey();
  }

  Set<Integer> votersAt(long index) {
    Map.Entry<Long, Set<Integer>> last = changes.floorEntry(index);
    return last == null ? votersBeforeFirst : last.getValue();
  }

  /** The newest voters, and those before them while the change is not committed. */
  List<Set<Integer>> voterGroups(long committed) {
    long since = votersSince();
    return since <= committed ? List.of(voters()) : List.of(voters(), votersAt(since - 1));
  }

  boolean isMajority(Set<Integer> of) {
    int count = 0;
    for (int voter : voters()) {
      count += of.contains(voter) ? 1 : 0;
    }
    return 2 * count > voters().size();
  }

  /** Whether there is but one newcomer, or one who goes. */
  boolean differsByOne(Set<Integer> then) {
    Set<Integer> now = voters();
    return now.size() + then.size() - 2 * now.stream().filter(then::contains).count() <= 1;
  }

  void append(Entry entry) {
    log.add(entry);
    if (entry.voters != null) {
      changes.put(last(), entry.voters);
    }
  }

  void cutAfter(long index) {
    while (last() > index) {
      changes.remove(last());
      log.remove(log.size() - 1);
    }
  }

  void purgeBefore(long first) {
    while (firstIndex < first) {
      votersBeforeFirst = votersAt(firstIndex);
      changes.remove(firstIndex);
      termBeforeFirst = log.remove(0).term;
      firstIndex++;
    }
  }

  /** The log goes, and begins anew behind a checkpoint. */
  void install(Object other, long index, long indexTerm, Set<Integer> voters) {
    log.clear();
    changes.clear();
    firstIndex = index + 1;
    termBeforeFirst = indexTerm;
    votersBeforeFirst = voters;
    checkpoint = other;
    checkpointIndex = index;
    syncedTo = index;
  }

  /** Loses the end of the log, or everything. */
  void lose(World world) {
    hasLost = true;
    if (world.chance(0.5)) {
      loseEverything();
    } else {
      long kept = Math.max(checkpointIndex, firstIndex - 1);
      cutAfter(world.between(kept, Math.max(kept, last())));
      syncedTo = Math.min(syncedTo, last());
    }
  }

  private void loseEverything() {
    term = 0;
    votedFor = 0;
    firstIndex = 1;
    termBeforeFirst = 0;
    votersBeforeFirst = founders;
    log.clear();
    changes.clear();
    checkpoint = null;
    checkpointIndex = 0;
    syncedTo = 0;
  }
}
