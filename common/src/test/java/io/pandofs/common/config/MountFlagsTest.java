package io.pandofs.common.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.config.MountFlags.AccessTime;
import io.pandofs.common.config.MountFlags.Limit;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class MountFlagsTest {

  @Test
  void laterWordsHold() {
    assertThat(MountFlags.of("")).isEqualTo(MountFlags.NONE);
    assertThat(MountFlags.of("ro,noatime,nodev,rw,strictatime"))
        .isEqualTo(new MountFlags(Set.of(Limit.NODEV), AccessTime.STRICTATIME));
    assertThat(MountFlags.of("async,sync,exec,noexec,nosuid,suid,dev").limits())
        .containsExactlyInAnyOrder(Limit.SYNC, Limit.NOEXEC);
  }

  @Test
  void bitsAndWordsAreThoseOfTheSystem() {
    MountFlags all = MountFlags.of("ro,nosuid,nodev,noexec,sync,noatime");
    assertThat(all.bits()).isEqualTo(1 | 2 | 4 | 8 | 16 | (1 << 10));
    assertThat(all.helperWords()).isEqualTo(",ro,nosuid,nodev,noexec,sync,noatime");
    assertThat(MountFlags.NONE.bits()).isEqualTo(1 << 21);
    assertThat(MountFlags.NONE.helperWords()).isEmpty();
    assertThat(MountFlags.of("strictatime").bits()).isEqualTo(1 << 24);
  }

  @Test
  void aReadOnlyMountMovesNoAtime() {
    assertThat(MountFlags.of("ro,strictatime").movesAccessTime()).isEqualTo(AccessTime.NOATIME);
    assertThat(MountFlags.of("strictatime").movesAccessTime()).isEqualTo(AccessTime.STRICTATIME);
  }

  @Test
  void anotherWordIsRefused() {
    for (String text : new String[] {"fast", "ro,", " ro", "RO", "ro;rw"}) {
      assertThatThrownBy(() -> MountFlags.of(text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is not known; write some of");
    }
  }
}
