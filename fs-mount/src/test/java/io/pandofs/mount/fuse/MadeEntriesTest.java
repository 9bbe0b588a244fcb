package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.FileType;
import io.pandofs.mount.vfs.TestClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class MadeEntriesTest {

  private static final Timestamp T = Timestamp.EPOCH;

  private final TestClock clock = new TestClock();
  private final MadeEntries<String> made = new MadeEntries<>(clock);
  private final Attributes a =
      new Attributes(new InodeId(7), FileType.REGULAR, 0644, 0, 0, 1, 0, 0, 0, T, T, T, T);

  @Test
  void countsForOneLookOfItsMaker() {
    made.put(1, "/a", a);
    assertThat(made.take(2, "/a")).isNull();
    assertThat(made.take(1, "/a")).isSameAs(a);
    assertThat(made.take(1, "/a")).isNull();
    assertThat(made.isEmpty()).isTrue();
  }

  @Test
  void aLookAtSomethingElseEndsIt() {
    made.put(1, "/a", a);
    assertThat(made.take(1, "/b")).isNull();
    assertThat(made.take(1, "/a")).isNull();
  }

  @Test
  void threadsThatCannotBeToldApartGetNothing() {
    made.put(0, "/a", a);
    assertThat(made.take(0, "/a")).isNull();
  }

  @Test
  void whatItsMakerLeavesBehindIsNobodys() {
    made.put(1, "/a", a);
    made.put(2, "/a", a);
    clock.pass(Duration.ofSeconds(119));
    assertThat(made.take(1, "/a")).isSameAs(a);
    clock.pass(Duration.ofSeconds(2));
    assertThat(made.take(2, "/a")).isNull();
  }

  @Test
  void whatIsLeftBehindIsDropped() {
    for (int thread = 1; thread <= 300; thread++) {
      made.put(thread, "/a", a);
    }
    clock.pass(Duration.ofSeconds(121));
    made.put(301, "/a", a);
    assertThat(made.take(301, "/a")).isSameAs(a);
    assertThat(made.isEmpty()).isTrue();
  }
}
