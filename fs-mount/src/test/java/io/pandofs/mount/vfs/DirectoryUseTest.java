package io.pandofs.mount.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.InodeId;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When the lease of a directory is worth asking for. */
class DirectoryUseTest {

  private static final InodeId D = new InodeId(7);

  private final TestClock clock = new TestClock();
  private final DirectoryUse use = new DirectoryUse(clock, true);

  private boolean isWorthItNow() {
    boolean unusedFirst = use.isWorthALease(D);
    return use.isWorthALease(D);
  }

  private void pass(long millis) {
    clock.pass(Duration.ofMillis(millis));
  }

  @Test
  void forSeveralChangesThatAreCloseTogether() {
    assertThat(use.isWorthALease(D)).isFalse();
    pass(1_100);
    assertThat(use.isWorthALease(D)).isFalse();
    pass(900);
    assertThat(use.isWorthALease(D)).isTrue();
    assertThat(use.isWorthALease(new InodeId(8))).isFalse();
    assertThat(new DirectoryUse(clock, false).isWorthALease(D)).isFalse();
  }

  @Test
  void lessAndLessOftenWhileOthersWantItAgainAndAgain() {
    for (int seconds : new int[] {1, 2, 4, 8, 16, 32, 32}) {
      use.contended(D);
      pass(seconds * 1000L - 10);
      use.contended(D);
      assertThat(isWorthItNow()).as("%s s", seconds).isFalse();
      pass(20);
      assertThat(isWorthItNow()).as("%s s", seconds).isTrue();
    }
    pass(66_000);
    use.contended(D);
    pass(1_010);
    assertThat(isWorthItNow()).as("it was left alone for long").isTrue();
  }
}
