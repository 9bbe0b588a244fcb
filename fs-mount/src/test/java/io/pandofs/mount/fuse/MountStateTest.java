package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.Volume;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MountStateTest {
  private final Volume volume = new Volume();
  private final Vfs vfs = volume.mount();
  private String word = MountOptions.OK;
  private int looks;
  private boolean fails;

  @AfterEach
  void end() {
    volume.close();
  }

  private MountState state() {
    return new MountState(
        () -> word,
        () -> {
          looks++;
          if (fails) {
            throw new ErrnoException(Errno.EIO, "no majority");
          }
          return vfs.namespace().attributes(InodeId.ROOT);
        },
        vfs::statfs);
  }

  /** The first to look may be umount(8), or who wants to know the state. */
  @Test
  void withoutAMajorityTheRootIsAsItWasWhenNobodyHadLookedYet() throws Exception {
    MountState state = state();
    fails = true;
    for (String lost : new String[] {"waiting", "no-quorum", "read-only"}) {
      word = lost;
      assertThat(state.root().isDirectory()).isTrue();
      assertThat(state.value()).asString().isEqualTo(lost);
    }
    word = MountOptions.EXPIRED;
    assertThatThrownBy(state::root).isInstanceOf(ErrnoException.class);
  }

  @Test
  void withAMajorityEachLookIsFresh() throws Exception {
    MountState state = state();
    state.root();
    state.root();
    assertThat(looks).isEqualTo(3);
    fails = true;
    assertThatThrownBy(state::root).isInstanceOf(ErrnoException.class);
  }

  @Test
  void aMountThatCannotLookYetIsMadeAllTheSame() throws Exception {
    fails = true;
    MountState state = state();
    fails = false;
    word = "waiting";
    assertThat(state.root().isDirectory()).isTrue();
  }
}
