package io.pandofs.block.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/** A fake clock drives the meter: what it says after a quarter of the time is near the truth. */
final class RepairMeterTest {
  private static final int LARGE = 4 << 20;
  private static final int SMALL = 16 << 10;
  private static final Percentage TOLERANCE = Percentage.withPercentage(30);

  /** The time that a block takes. */
  private interface Cost {
    long nanos(int length);
  }

  private static Cost cost(double bytesPerSecond, double secondsPerBlock) {
    return length -> (long) (1e9 * (length / bytesPerSecond + secondsPerBlock));
  }

  private static List<Integer> blocks(int large, int small) {
    List<Integer> blocks = new ArrayList<>(Collections.nCopies(large, LARGE));
    blocks.addAll(Collections.nCopies(small, SMALL));
    return blocks;
  }

  private static void assertTrueAfterAQuarter(List<Integer> blocks, Cost cost) {
    RepairMeter meter = new RepairMeter();
    long total = blocks.stream().mapToLong(cost::nanos).sum();
    long needBytes = blocks.stream().mapToLong(length -> length).sum();
    long needBlocks = blocks.size();
    long now = 77;
    meter.busy(now);
    for (int length : blocks) {
      now += cost.nanos(length);
      meter.fetched(length, now);
      needBlocks--;
      needBytes -= length;
      long passed = now - 77;
      if (passed >= total / 4 && needBlocks > 0) {
        double left = (total - passed) / 1e9;
        if (left > 5) {
          long eta = meter.progress(needBlocks, needBytes, now).etaSeconds();
          assertThat((double) eta)
              .as("with %d blocks to go", needBlocks)
              .isCloseTo(left, TOLERANCE);
        }
      }
    }
    Keeper.Progress done = meter.progress(0, 0, now);
    assertThat(done.etaSeconds()).isZero();
    assertThat(done.roundBlocks()).isEqualTo(blocks.size());
  }

  @Test
  void largeBlocksAlone() {
    assertTrueAfterAQuarter(blocks(2000, 0), cost(100e6, 0.001));
  }

  @Test
  void smallBlocksAlone() {
    assertTrueAfterAQuarter(blocks(0, 50_000), cost(100e6, 0.003));
  }

  @Test
  void aFewLargeBlocksAndThenManySmallOnes() {
    for (double perBlock : new double[] {0.0008, 0.001, 0.0014}) {
      assertTrueAfterAQuarter(blocks(512, 20_000), cost(128e6, perBlock));
    }
  }

  @Test
  void sizesInAnyOrder() {
    List<Integer> blocks = blocks(300, 9000);
    Collections.shuffle(blocks, new Random(5));
    assertTrueAfterAQuarter(blocks, cost(60e6, 0.002));
  }

  @Test
  void aRateThatChangesIsFollowed() {
    RepairMeter meter = new RepairMeter();
    long now = 0;
    meter.busy(now);
    for (int i = 0; i < 1000; i++) {
      now += 40_000_000; // 100 MB/s
      meter.fetched(LARGE, now);
    }
    for (int i = 0; i < 200; i++) {
      now += 400_000_000; // 10 MB/s, for 80 s
      meter.fetched(LARGE, now);
    }
    assertThat(meter.progress(100, 100L * LARGE, now).etaSeconds())
        .isCloseTo(40, Percentage.withPercentage(10));
    assertThat(meter.progress(1, 1, now).bytesPerSecond())
        .isCloseTo(LARGE * 10 / 4, Percentage.withPercentage(10));
  }

  @Test
  void whatWasIdleIsNoPartOfTheRate() {
    RepairMeter meter = new RepairMeter();
    meter.busy(0);
    meter.fetched(LARGE, 1_000_000_000L);
    meter.idle();
    assertThat(meter.progress(0, 0, 2_000_000_000L).bytesPerSecond()).isZero();
    assertThat(meter.progress(5, 5, 2_000_000_000L).etaSeconds()).isEqualTo(-1);
    long later = 3600_000_000_000L;
    meter.busy(later);
    meter.fetched(LARGE, later + 500_000_000L);
    Keeper.Progress progress = meter.progress(1, LARGE, later + 500_000_000L);
    assertThat(progress.bytesPerSecond()).isCloseTo(2L * LARGE, within(10L));
    assertThat(progress.roundBlocks()).isEqualTo(1);
    assertThat(progress.fetchedBlocks()).isEqualTo(2);
  }
}
