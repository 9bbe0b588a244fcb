package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class FileWindowTest {
  private static final long GIB = 1L << 30;

  /** How many looks it takes. */
  private static int looks(long size, boolean empty) {
    int looks = 0;
    long seen = 0;
    for (FileWindow at = FileWindow.FIRST; !at.isBehind(size); at = at.next(size, empty)) {
      assertThat(at.from()).isEqualTo(seen);
      assertThat(at.to(size)).isGreaterThan(seen);
      seen = at.to(size);
      looks++;
      assertThat(looks).isLessThan(1000);
    }
    assertThat(seen).isEqualTo(size);
    return looks;
  }

  @Test
  void theLargestFileOfHolesTakesFewLooks() {
    assertThat(looks(Long.MAX_VALUE, true)).isBetween(30, 40);
  }

  @Test
  void dataIsLookedAtInShortParts() {
    assertThat(looks(100 * GIB, false)).isEqualTo(100);
    assertThat(looks(100 * GIB + 1, false)).isEqualTo(101);
    assertThat(looks(1, false)).isEqualTo(1);
    assertThat(looks(0, true)).isZero();
  }

  @Test
  void afterAHoleTheWindowIsShortAgain() {
    FileWindow far = FileWindow.FIRST.next(Long.MAX_VALUE, true).next(Long.MAX_VALUE, true);
    assertThat(far.bytes()).isEqualTo(4 * GIB);
    assertThat(far.next(Long.MAX_VALUE, false).bytes()).isEqualTo(GIB);
  }

  @Test
  void aFileThatWasCutMeanwhileIsBehind() {
    assertThat(FileWindow.FIRST.next(2 * GIB, true).isBehind(GIB)).isTrue();
  }
}
