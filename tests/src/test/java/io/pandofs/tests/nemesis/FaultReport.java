package io.pandofs.tests.nemesis;

import java.util.Set;

/**
 * A fault that was, in nanoseconds of CLOCK_MONOTONIC.
 *
 * @param kind what it was, to whomever: see {@link #group}
 * @param hitLeader whether the leader of then was a target
 * @param targets the nodes at whose mounts anything may be expected
 * @param healed when it was ended
 * @param recovered when all nodes were well again
 * @param evidence empty when nothing shows that it took place
 * @param complaint what was wrong afterwards; empty when all recovered
 */
public record FaultReport(
    String name,
    String kind,
    boolean hitLeader,
    Set<Integer> targets,
    long begin,
    long healed,
    long recovered,
    String evidence,
    String complaint) {

  /** Whether {@code node} had nothing to do with it while it, or what came of it, lasted. */
  public boolean spares(int node, long from, long to, long graceNanos) {
    return !targets.contains(node) || to < begin || from > recovered + graceNanos;
  }

  /** Which faults it is to be compared with: what strikes the leader has others wait for longer. */
  public String group() {
    return hitLeader ? kind + " of the leader" : kind;
  }

  /** Whether it lasted at some moment of the interval. */
  public boolean during(long from, long to) {
    return from <= recovered && to >= begin;
  }
}
