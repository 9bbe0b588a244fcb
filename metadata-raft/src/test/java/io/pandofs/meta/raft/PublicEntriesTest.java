package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PublicEntriesTest {
  /** Nobody may be thought to have more public entries than it has, and much less is no use. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void reachIsToBeforeTheNextPublicEntry(long seed) {
    Random random = new Random(seed);
    PublicEntries entries = new PublicEntries();
    BitSet isPublic = new BitSet();
    int from = 0;
    int end = 0;
    int released = 0;
    for (int step = 0; step < 5_000; step++) {
      int dice = random.nextInt(100);
      if (dice < 70) {
        isPublic.set(++end, random.nextInt(3) == 0);
        entries.applied(end, isPublic.get(end));
      } else if (dice < 80) {
        released = Math.max(released, end - random.nextInt(20));
        entries.released(released);
      } else if (dice == 80) {
        from = end;
        released = end;
        entries.begin(end);
      }
      int index = end - random.nextInt(Math.min(40, end + 1));
      int next = isPublic.nextSetBit(index + 1);
      int truly = next < 0 ? Math.max(index, end) : next - 1;
      long reached = entries.reach(index, end);
      assertThat(reached).isBetween((long) index, (long) truly);
      if (index >= Math.max(from, released)) {
        assertThat(reached).isEqualTo(truly);
      }
    }
  }
}
