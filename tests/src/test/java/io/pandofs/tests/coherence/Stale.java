package io.pandofs.tests.coherence;

import io.pandofs.tests.agent.Answer;

/**
 * An observation that does not show what was done before it. Mounts are numbered from 1, as in
 * {@code pando dev}.
 *
 * @param expected what a local directory shows after the same acts
 * @param again what the observer answered when asked once more: an old answer that goes away, or a
 *     wrong one that stays
 */
record Stale(
    int iteration,
    int actor,
    int observer,
    String act,
    String look,
    Answer expected,
    Answer got,
    Answer again) {
  @Override
  public String toString() {
    return "round %d: n%d did '%s', then n%d was asked '%s'%n  expected %s%n  got      %s%n  again    %s"
        .formatted(iteration, actor, act, observer, look, expected, got, again);
  }
}
