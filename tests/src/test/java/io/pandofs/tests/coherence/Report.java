package io.pandofs.tests.coherence;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a run saw.
 *
 * @param acts successful acts by verb: evidence that each kind really happened
 * @param stale the first observations that were wrong, at most as many as the checker keeps
 * @param staleCount all of them
 */
public record Report(
    long seed,
    int rounds,
    int observations,
    Map<String, Integer> acts,
    List<Stale> stale,
    int staleCount) {
  @Override
  public String toString() {
    return "seed %d: %d rounds, %d observations, acts %s, stale %d%n%s"
        .formatted(
            seed,
            rounds,
            observations,
            acts,
            staleCount,
            stale.stream().map(Stale::toString).collect(Collectors.joining("\n")));
  }
}
