package io.pandofs.mount.fuse.direct;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LookupCountsTest {

  @Test
  void countsAsAMapDoes() {
    LookupCounts counts = new LookupCounts();
    Map<Long, Long> model = new HashMap<>();
    Random random = new Random(1);
    for (int phase = 0; phase < 6; phase++) {
      boolean grows = phase % 2 == 0;
      for (int i = 0; i < 30_000; i++) {
        long node = 1 + random.nextInt(9000) * 1024L;
        if (random.nextInt(10) < (grows ? 8 : 2)) {
          counts.add(node);
          model.merge(node, 1L, Long::sum);
        } else {
          long all = model.getOrDefault(node, 0L);
          long some = all == 0 ? 1 : 1 + random.nextInt((int) all);
          counts.forget(node, some);
          model.computeIfPresent(node, (key, count) -> count == some ? null : count - some);
        }
      }
      assertThat(counts.inodes()).isEqualTo(model.size());
      for (long node = 1; node < 9000 * 1024L; node += 1024) {
        assertThat(counts.of(node)).isEqualTo(model.getOrDefault(node, 0L));
      }
    }
  }
}
