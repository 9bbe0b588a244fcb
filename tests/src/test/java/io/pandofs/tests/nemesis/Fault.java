package io.pandofs.tests.nemesis;

import java.io.IOException;
import java.util.Set;

/** One bad thing that lasts a while. Used once, by one thread: begin, evidence, heal. */
interface Fault {
  /** What it is and to whom, for people. */
  String name();

  /** What it is, whomever it strikes: pauses are told for each kind. */
  String kind();

  /** Whether the node that led when it began is one of its targets. */
  boolean hitsLeader();

  /** The nodes at whose mounts anything may be expected; all others must go on. */
  Set<Integer> targets();

  void begin() throws IOException, InterruptedException;

  /**
   * Called when it has lasted its time, before it is healed: facts that were measured and show that
   * it took place; empty when nothing shows it.
   */
  String evidence() throws IOException, InterruptedException;

  /** Ends it; nodes that it took down are started. They need not serve yet. */
  void heal() throws IOException, InterruptedException;
}
