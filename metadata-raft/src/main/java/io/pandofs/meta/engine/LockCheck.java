package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.FileLock;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Looks at every lock: whether it is somebody's, whether two are held that cannot be, whether
 * somebody waits for what is free, and whether what is known by session and owner is the same.
 */
final class LockCheck {
  private final ReadStore tables;
  private final Consumer<String> report;

  /**
   * @param report is told what is wrong, in a sentence
   */
  LockCheck(ReadStore tables, Consumer<String> report) {
    this.tables = tables;
    this.report = report;
  }

  void run() {
    for (FileLock.Kind kind : FileLock.Kind.values()) {
      FileLocks.inodes(tables, kind).forEach(inode -> locks(kind, inode));
    }
    for (SessionId session : FileLocks.sessions(tables)) {
      counts(session);
    }
    FileLocks.checkWaitsOfOwners(tables, report);
  }

  private void locks(FileLock.Kind kind, InodeId inode) {
    List<FileLock> held = FileLocks.held(tables, kind, inode);
    List<FileLocks.Wait> waiting = FileLocks.waiting(tables, kind, inode);
    if (Inode.find(tables, inode.value()) == null) {
      report.accept("locks on inode " + inode.value() + ", which is not there");
    }
    Set<SessionId> sessions = new HashSet<>();
    for (FileLock lock : held) {
      sessions.add(lock.session());
      if (held.stream().anyMatch(lock::conflictsWith)) {
        report.accept("two have the same lock on inode " + inode.value());
      }
    }
    for (FileLocks.Wait wait : waiting) {
      sessions.add(wait.lock().session());
      if (held.stream().noneMatch(wait.lock()::conflictsWith)) {
        report.accept("somebody waits for a lock on inode " + inode.value() + " that is free");
      }
      if (!FileLocks.isKnownOfOwner(tables, wait)) {
        report.accept("a wait on inode " + inode.value() + " that its owner is not known to be in");
      }
    }
    for (SessionId session : sessions) {
      if (!Sessions.isLive(tables, session)) {
        report.accept(
            "a lock on inode "
                + inode.value()
                + " of session "
                + session.value()
                + ", which is over");
      }
      if (FileLocks.countOf(tables, session, inode) == 0) {
        report.accept(
            "a lock on inode "
                + inode.value()
                + " that session "
                + session.value()
                + " is not known to have");
      }
    }
  }

  private void counts(SessionId session) {
    int all = 0;
    for (InodeId inode : FileLocks.inodesOf(tables, session)) {
      int there = 0;
      for (FileLock.Kind kind : FileLock.Kind.values()) {
        for (FileLock lock : FileLocks.held(tables, kind, inode)) {
          there += lock.session().equals(session) ? 1 : 0;
        }
        for (FileLocks.Wait wait : FileLocks.waiting(tables, kind, inode)) {
          there += wait.lock().session().equals(session) ? 1 : 0;
        }
      }
      if (there != FileLocks.countOf(tables, session, inode)) {
        report.accept(
            "session "
                + session.value()
                + " has "
                + there
                + " locks on inode "
                + inode.value()
                + ", not "
                + FileLocks.countOf(tables, session, inode));
      }
      all += there;
    }
    if (all != FileLocks.countOf(tables, session)) {
      report.accept(
          "session "
              + session.value()
              + " has "
              + all
              + " locks, not "
              + FileLocks.countOf(tables, session));
    }
  }
}
