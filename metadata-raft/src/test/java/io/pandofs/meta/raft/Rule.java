package io.pandofs.meta.raft;

/** Rules that a simulation can be run without, to see that it notices. */
enum Rule {
  /** Acknowledge only what is released (PROTOCOL rule 1). */
  RELEASE_BEFORE_ACKNOWLEDGE(Shape.PLAIN),
  /** Show only what is released (PROTOCOL rule 1). */
  RELEASE_BEFORE_VISIBLE(Shape.FORGETFUL),
  /** Only what leases cover is acknowledged before others confirm it (PROTOCOL rule 1). */
  ONLY_COVERED_IS_NOT_CONFIRMED(Shape.PLAIN),
  /** What an entry changes is marked before anybody can see it (PROTOCOL rule 1). */
  MARK_BEFORE_COMMIT(Shape.FORGETFUL),
  /** A lease that is granted is a change like any other (PROTOCOL rule 4). */
  GRANT_IS_A_CHANGE(Shape.PLAIN),
  /** Look at the lease first, at the tables then (PROTOCOL rule 6). */
  LEASE_BEFORE_TABLES(Shape.PLAIN),
  /** Answer by oneself only under a lease (PROTOCOL rule 6). */
  FRESH_OR_ASK(Shape.PLAIN),
  /** A new leader waits for the leases of its predecessors (PROTOCOL rule 6). */
  NEW_LEADER_WAITS(Shape.HASTY),
  /** It waits less only by what a majority truly says (PROTOCOL rule 6). */
  APART_IS_TRUE(Shape.HASTY),
  /** A leader answers for the group only with proof that it leads (PROTOCOL rule 6). */
  LEADER_PROVES(Shape.HASTY),
  /** Any row of a checkpoint may be unreleased; its arrival ends the lease (PROTOCOL rule 6). */
  CHECKPOINT_GIVES_UP(Shape.FORGETFUL),
  /** Clocks' rates differ by less than one percent (PROTOCOL rule 6). */
  CLOCKS_AGREE(Shape.PLAIN),
  /** A holder answers from what it has not sent only while it surely lives (PROTOCOL rule 7). */
  HOLDER_DEADLINE(Shape.MORTAL),
  /** Who renews sessions surely leads (PROTOCOL rule 7). */
  RENEWAL_PROVES(Shape.MORTAL),
  /** A new leader starts the timers of all sessions anew (PROTOCOL rule 7). */
  NEW_LEADER_RESTARTS_TIMERS(Shape.MORTAL),
  /** What a session held is not its mount's next session's (PROTOCOL rule 7). */
  NEW_SESSION_BEGINS_WITH_NOTHING(Shape.MORTAL),
  /** What comes of a session that is over is refused (PROTOCOL rules 7 and 18). */
  ENDED_IS_FENCED(Shape.MORTAL),
  /** Nothing but data is answered before the log has it (PROTOCOL rule 8). */
  LOG_BEFORE_ANSWER(Shape.PLAIN),
  /** What was answered ahead lies over the tables until they have it (PROTOCOL rule 8). */
  AHEAD_UNTIL_APPLIED(Shape.PLAIN),
  /** What was written under a lease is in the log before it is given back (PROTOCOL rule 9). */
  FLUSH_BEFORE_RELEASE(Shape.PLAIN),
  /** What was written to a file is in the log before a later rename of it (PROTOCOL rule 9). */
  DATA_BEFORE_RENAME(Shape.PLAIN),
  /** Only the holder changes a leased inode (PROTOCOL rule 10). */
  ONLY_HOLDER_CHANGES(Shape.PLAIN),
  /** Who meets another's lease has it recalled before it answers (PROTOCOL rule 10). */
  RECALL_BEFORE_ANSWER(Shape.PLAIN),
  /** The place of an append is found under the file's lease (PROTOCOL rule 11). */
  APPEND_UNDER_LEASE(Shape.PLAIN),
  /** An orphan goes when nobody alive holds it (PROTOCOL rule 16). */
  REAP_WHAT_NOBODY_HOLDS(Shape.PLAIN),
  /** An orphan that is not open yet is not opened (PROTOCOL rule 16). */
  NO_NEW_HOLD_OF_AN_ORPHAN(Shape.PLAIN),
  /** The log goes when the checkpoint that stands for it is on disk (PROTOCOL rule 17). */
  DURABLE_BEFORE_PURGED(Shape.FORGETFUL),
  /** An operation is applied once, whatever is sent again (PROTOCOL rule 18). */
  NO_SECOND_TIME(Shape.PLAIN),
  /** A number that was left out is waited for (PROTOCOL rule 18). */
  NO_GAP(Shape.PLAIN),
  /** A result is kept until the session has it (PROTOCOL rule 18). */
  RESULTS_ARE_KEPT(Shape.PLAIN),
  /** Who has lost what it acknowledged votes no more (PROTOCOL rule 19). */
  NO_VOTE_AFTER_A_LOSS(Shape.PLAIN),
  /** The voters change by one at a time (PROTOCOL rule 19). */
  ONE_VOTER_AT_A_TIME(Shape.CHANGING),
  /** A removal is answered when the node answers nothing by itself any more (PROTOCOL rule 19). */
  REMOVED_IS_SILENT_WHEN_TOLD(Shape.CHANGING),
  /** Who has left gets no lease any more (PROTOCOL rules 6 and 19). */
  NO_LEASE_FOR_WHO_LEFT(Shape.CHANGING),
  /** A leader proves itself by the voters of now (PROTOCOL rules 6 and 19). */
  LEADER_PROVES_BY_VOTERS_OF_NOW(Shape.CHANGING),
  /** A leader that has no majority ends no session, not even later (PROTOCOL rule 20). */
  NO_QUORUM_NO_EXPIRY(Shape.MORTAL);

  private final Shape shape;

  Rule(Shape shape) {
    this.shape = shape;
  }

  /** The life in which it is most often needed. */
  Shape shape() {
    return shape;
  }
}
