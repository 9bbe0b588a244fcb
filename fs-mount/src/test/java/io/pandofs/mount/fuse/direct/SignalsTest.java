package io.pandofs.mount.fuse.direct;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SignalsTest {

  private static boolean isBeingKilled(
      String own, String shared, String blocked, String ignored, String caught) {
    return Signals.isBeingKilled(
        List.of(
            "Name:\tsleep",
            "SigPnd:\t" + own,
            "ShdPnd:\t" + shared,
            "SigBlk:\t" + blocked,
            "SigIgn:\t" + ignored,
            "SigCgt:\t" + caught));
  }

  @Test
  void whatKillsAndWhatDoesNot() {
    String none = "0000000000000000";
    String kill = "0000000000000100";
    String quit = "0000000000000004";
    String child = "0000000000010000";
    String last = "8000000000000000";
    assertThat(isBeingKilled(none, none, none, none, none)).isFalse();
    assertThat(isBeingKilled(kill, none, none, none, none)).isTrue();
    assertThat(isBeingKilled(none, quit, none, none, none)).isTrue();
    assertThat(isBeingKilled(none, quit, quit, none, none)).isFalse();
    assertThat(isBeingKilled(none, quit, none, quit, none)).isFalse();
    assertThat(isBeingKilled(none, quit, none, none, quit)).isFalse();
    assertThat(isBeingKilled(none, child, none, none, none)).isFalse();
    assertThat(isBeingKilled(last, none, none, none, none)).isTrue();
  }

  @Test
  void nobodyIsKilledHere() {
    assertThat(Signals.isBeingKilled((int) ProcessHandle.current().pid())).isFalse();
    assertThat(Signals.isBeingKilled(0)).isFalse();
    assertThat(Signals.isBeingKilled(Integer.MAX_VALUE)).isFalse();
  }
}
