package io.pandofs.meta;

import io.pandofs.common.InodeId;
import java.util.Set;

/**
 * How an operation stands to what its session answers ahead of the log. What is answered ahead is
 * decided by rows that are the session's own; so no operation of the same session that waits for
 * the log may pass it unseen. The engine sees to that: it refuses what touches other inodes than
 * are said here (PROTOCOL rule 8).
 */
public sealed interface Standing {
  /** The session answers nothing ahead. */
  Standing ALONE = new Alone();

  /** It was answered already: leases of the session cover all that it touches. */
  Standing AHEAD = new Ahead();

  /** See {@link #ALONE}. */
  record Alone() implements Standing {}

  /** See {@link #AHEAD}. */
  record Ahead() implements Standing {}

  /**
   * It waits for the log.
   *
   * @param touched all that it touches and leases of the session cover, or more; nothing is
   *     answered ahead about these meanwhile
   */
  record Beside(Set<InodeId> touched) implements Standing {
    public Beside {
      touched = Set.copyOf(touched);
    }
  }
}
