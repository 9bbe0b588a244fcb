package io.pandofs.meta.raft;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.simulation.World;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Judges what is written to files under leases, and read. Writes take effect when they are taken,
 * in that order, before the log knows of them. A read shows the last one taken before it began, or
 * a later one; it may miss only those that their session took along when it ended, or of which the
 * writer was told that they failed.
 */
final class FileTruth {
  private final World world;
  private final Map<InodeId, List<Write>> files = new HashMap<>();
  private final Map<Long, Write> byValue = new HashMap<>();
  private final Set<SessionId> ended = new HashSet<>();
  private long reads;

  private static final class Write {
    final int place;
    final long value;
    final SessionId by;
    boolean applied;
    boolean failed;

    Write(int place, long value, SessionId by) {
      this.place = place;
      this.value = value;
      this.by = by;
    }

    @Override
    public String toString() {
      return value + " by " + by + (applied ? " applied" : "") + (failed ? " failed" : "");
    }
  }

  FileTruth(World world) {
    this.world = world;
  }

  private List<Write> file(InodeId file) {
    return files.computeIfAbsent(file, same -> new ArrayList<>());
  }

  /** A mount takes a write; each has a value of its own. */
  void taken(InodeId file, long value, SessionId by) {
    Write write = new Write(file(file).size(), value, by);
    file(file).add(write);
    byValue.put(value, write);
  }

  /** The log has it; told once. */
  void applied(long value) {
    Write write = byValue.get(value);
    if (write != null) {
      write.applied = true;
    }
  }

  /**
   * The writer is told that it failed, and what it had overwritten before it was sent; it may come
   * to be all the same.
   */
  void failed(InodeId file, long value) {
    Write last = byValue.get(value);
    for (Write write : file(file).subList(0, last.place + 1)) {
      write.failed |= write.by.equals(last.by) && !write.applied;
    }
  }

  /** The writer is told that it is durable. */
  void synced(String by, long value) {
    Write write = byValue.get(value);
    if (!write.applied) {
      world.violated(by + " was told that " + write + " is synced");
    }
  }

  /**
   * The log has renamed a file: whoever finds it under its new name finds there what was written
   * before the rename was asked for.
   *
   * @param begun see {@link #begin}
   */
  void renamed(String by, InodeId file, int begun) {
    List<Write> all = file(file);
    int covered = all.size();
    while (covered > 0 && !all.get(covered - 1).applied) {
      covered--;
    }
    // What was overwritten before it was sent is in what overwrote it.
    for (Write write : all.subList(Math.min(covered, begun), begun)) {
      if (!write.failed && !ended.contains(write.by)) {
        world.violated(by + " has renamed " + file + " without " + write);
        return;
      }
    }
  }

  /** The log has ended a session. */
  void ended(SessionId session) {
    ended.add(session);
  }

  int sessionsEnded() {
    return ended.size();
  }

  boolean hasEnded(SessionId session) {
    return ended.contains(session);
  }

  /** What a read that begins now must know of. */
  int begin(InodeId file) {
    return file(file).size();
  }

  /** A read is over; 0 is the file as it was made. */
  void shown(String by, InodeId file, int begun, long value) {
    reads++;
    Write shown = byValue.get(value);
    for (int i = shown == null ? 0 : shown.place + 1; i < begun; i++) {
      Write missed = file(file).get(i);
      boolean lost = !missed.applied && ended.contains(missed.by);
      if (!lost && !missed.failed) {
        world.violated(by + " was shown " + file + " = " + value + "; before: " + missed);
        return;
      }
    }
  }

  long reads() {
    return reads;
  }
}
