package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The protocol under simulated troubles: with all rules nothing is ever convicted, and without any
 * one of them something is. {@code -Dpando.simulation.schedules=N} plays N schedules, {@code
 * -Dpando.simulation.seed=N} one of them, with all that happens in it.
 */
class CoherenceSimulationTest {
  private static final String SCHEDULES = "pando.simulation.schedules";
  private static final String SEED = "pando.simulation.seed";
  private static final int SCHEDULES_DEFAULT = 2_000;
  private static final int SCHEDULES_MANY = 20_000;
  private static final int SCHEDULES_TO_CONVICT = 1_000;

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void nothingStaleAndNothingLost() {
    Long one = Long.getLong(SEED);
    if (one == null) {
      play(1, Integer.getInteger(SCHEDULES, SCHEDULES_DEFAULT));
    } else {
      SimulatedCluster cluster = new SimulatedCluster(one, Shape.of(one), Set.of());
      cluster.world().traceAll();
      cluster.run();
    }
  }

  @Test
  @Tag("full")
  void nothingStaleAndNothingLostInManyMore() {
    play(1_000_001, SCHEDULES_MANY);
  }

  private static void play(long firstSeed, int schedules) {
    long looks = 0;
    long changes = 0;
    long reads = 0;
    long sessionsEnded = 0;
    long left = 0;
    for (long seed = firstSeed; seed < firstSeed + schedules; seed++) {
      SimulatedCluster cluster = new SimulatedCluster(seed, Shape.of(seed), Set.of());
      try {
        cluster.run();
      } catch (AssertionError e) {
        throw new AssertionError(replay(seed) + "\n" + e.getMessage(), e);
      }
      looks += cluster.truth().looks();
      changes += cluster.truth().changes();
      reads += cluster.files().reads();
      sessionsEnded += cluster.files().sessionsEnded();
      left += cluster.members().removals();
    }
    System.out.printf(
        "%d schedules: %d looks, %d changes, %d reads of files, %d sessions ended, %d removals%n",
        schedules, looks, changes, reads, sessionsEnded, left);
    // A simulation that does nothing convicts nobody.
    assertThat(looks).isGreaterThan(10L * schedules);
    assertThat(changes).isGreaterThan(50L * schedules);
    assertThat(reads).isGreaterThan(10L * schedules);
    assertThat(sessionsEnded).isGreaterThan(schedules);
    assertThat(left).isGreaterThan(schedules / 6);
  }

  private static String replay(long seed) {
    return "to see all of it: mvn -q -Pquick -pl metadata-raft -am test -D"
        + SEED
        + "="
        + seed
        + " -Dtest=CoherenceSimulationTest#nothingStaleAndNothingLost"
        + " -Dsurefire.failIfNoSpecifiedTests=false";
  }

  @ParameterizedTest
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  @EnumSource(Rule.class)
  void withoutARuleItIsNoticed(Rule rule) {
    for (long seed = 1; seed <= SCHEDULES_TO_CONVICT; seed++) {
      try {
        new SimulatedCluster(seed, rule.shape(), EnumSet.of(rule)).run();
      } catch (AssertionError convicted) {
        // Only if it is the rule that was missed.
        new SimulatedCluster(seed, rule.shape(), Set.of()).run();
        System.out.printf("without %s: schedule %s%n", rule, firstLine(convicted));
        return;
      }
    }
    throw new AssertionError("without " + rule + " nobody noticed");
  }

  private static String firstLine(AssertionError convicted) {
    String line = String.valueOf(convicted.getMessage()).lines().findFirst().orElse("");
    return line.substring(0, Math.min(160, line.length()));
  }
}
