package io.pandofs.block.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import org.junit.jupiter.api.Test;

class LocalPaceTest {
  private static final long MILLI = 1_000_000;

  private long nanos = 5;
  private final LocalPace pace =
      new LocalPace(
          new Clock() {
            @Override
            public Timestamp now() {
              return new Timestamp(0, 0);
            }

            @Override
            public long nanoTime() {
              return nanos;
            }
          });

  private void reads(int count, long millis) {
    for (int i = 0; i < count; i++) {
      long began = pace.begin();
      nanos += millis * MILLI;
      pace.end(began);
    }
  }

  private boolean isSlow(long othersMillis) {
    return pace.isSlow(() -> (double) othersMillis * MILLI);
  }

  @Test
  void aDiskThatIsWellIsReadHoweverQuickOthersAre() {
    reads(50, 30);
    assertThat(isSlow(0)).isFalse();
  }

  @Test
  void aSlowDiskIsReadAroundWhileOthersAreMuchQuicker() {
    reads(50, 200);
    nanos += 10 * MILLI;
    assertThat(isSlow(60)).isFalse();
    assertThat(isSlow(2)).isFalse(); // the first in a while is a try
    assertThat(isSlow(2)).isTrue();
    nanos += 500 * MILLI;
    assertThat(isSlow(2)).isTrue();
    nanos += 600 * MILLI;
    assertThat(isSlow(2)).isFalse();
    assertThat(isSlow(2)).isTrue();
    reads(30, 5);
    assertThat(isSlow(2)).isFalse();
  }

  @Test
  void aDiskThatHangsIsNotEvenTried() {
    reads(5, 1);
    final long began = pace.begin();
    nanos += 900 * MILLI;
    assertThat(isSlow(2)).isFalse();
    nanos += 200 * MILLI;
    assertThat(isSlow(2)).isTrue();
    nanos += 5000 * MILLI;
    assertThat(isSlow(2)).isTrue();
    pace.end(began);
    reads(30, 1);
    assertThat(isSlow(2)).isFalse();
  }

  /** Reads that go on ending are no hang, however long each takes. */
  @Test
  void aDiskThatEndsReadsDoesNotHang() {
    long first = pace.begin();
    for (int i = 0; i < 3; i++) {
      nanos += 600 * MILLI;
      long next = pace.begin();
      pace.end(first);
      assertThat(pace.isSlow(() -> Double.MAX_VALUE)).isFalse();
      first = next;
    }
  }
}
