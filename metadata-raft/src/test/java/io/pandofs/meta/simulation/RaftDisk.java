package io.pandofs.meta.simulation;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What of a peer of {@link ModelRaft} survives a crash. */
final class RaftDisk {
  /** An entry; {@code bytes} null for the one with which a leader begins its term. */
  @SuppressWarnings("ArrayRecordComponent") // an entry is itself, whatever its bytes
  record Entry(long term, byte @Nullable [] bytes) {}

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

  long last() {
    return firstIndex + log.size() - 1;
  }

  long termAt(long index) {
    return index < firstIndex ? termBeforeFirst : log.get((int) (index - firstIndex)).term;
  }

  Entry at(long index) {
    return log.get((int) (index - firstIndex));
  }

  void cutAfter(long index) {
    while (last() > index) {
      log.remove(log.size() - 1);
    }
  }

  void purgeBefore(long first) {
    while (firstIndex < first) {
      termBeforeFirst = log.remove(0).term;
      firstIndex++;
    }
  }

  void loseEverything() {
    term = 0;
    votedFor = 0;
    firstIndex = 1;
    termBeforeFirst = 0;
    log.clear();
    checkpoint = null;
    checkpointIndex = 0;
    syncedTo = 0;
  }
}
