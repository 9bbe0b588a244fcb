package io.pandofs.tests.nemesis;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tests.nemesis.Cluster.Leader;
import io.pandofs.tests.nemesis.Network.Way;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A fault that did not take place has no evidence. */
final class EvidenceTest {
  private static final String ELECTION = "term 1→2, n2 leads";

  @Test
  void aProcessThatLivesWasNotKilled() {
    assertThat(Evidence.kill(false, false, "")).isEqualTo("process gone");
    assertThat(Evidence.kill(false, true, ELECTION)).contains("process gone", ELECTION);
    assertThat(Evidence.kill(true, false, "")).isEmpty();
    assertThat(Evidence.kill(true, true, ELECTION)).isEmpty();
  }

  @Test
  void aProcessThatRunsWasNotStopped() {
    assertThat(Evidence.pause("T", false, "")).isEqualTo("process state T");
    assertThat(Evidence.pause("T", true, ELECTION)).contains("process state T", ELECTION);
    assertThat(Evidence.pause("S", false, "")).isEmpty();
    assertThat(Evidence.pause("S", true, ELECTION)).isEmpty();
  }

  @Test
  void aLeaderThatNobodyReplacedWasNotAway() {
    assertThat(Evidence.kill(false, true, "")).isEmpty();
    assertThat(Evidence.pause("T", true, "")).isEmpty();
  }

  @Test
  void anElectionHasAnotherLeaderOfALaterTerm() {
    Leader before = new Leader(1, 4);
    List<Integer> one = List.of(1);
    assertThat(Evidence.election(before, new Leader(2, 5), one)).isEqualTo("term 4→5, n2 leads");
    assertThat(Evidence.election(before, new Leader(2, 4), one)).isEmpty();
    assertThat(Evidence.election(before, new Leader(1, 5), one)).isEmpty();
    assertThat(Evidence.election(new Leader(0, -1), new Leader(0, -1), one)).isEmpty();
    assertThat(Evidence.election(before, new Leader(0, 6), one)).isEmpty();
  }

  @Test
  void aCutThatNoPacketMetWasNone() {
    assertThat(Evidence.cut(3, false, "")).isEqualTo("3 packets dropped");
    assertThat(Evidence.cut(3, false, ELECTION)).contains("3 packets dropped", ELECTION);
    assertThat(Evidence.cut(0, false, "")).isEmpty();
    assertThat(Evidence.cut(0, false, ELECTION)).isEmpty();
    assertThat(Evidence.cut(0, true, ELECTION)).isEmpty();
  }

  @Test
  void aLeaderWithoutAMajorityThatNobodyReplacedWasNotCutOff() {
    assertThat(Evidence.cut(3, true, "")).isEmpty();
    assertThat(Evidence.cut(3, true, ELECTION)).contains("3 packets dropped", ELECTION);
  }

  @Test
  void aCutDeposesWhoHasNoMajorityLeft() {
    Set<Way> mute = Set.of(new Way(1, 2), new Way(1, 3));
    Set<Way> deaf = Set.of(new Way(2, 1), new Way(3, 1));
    // Whom it reaches it does not hear, and the other way round.
    Set<Way> crossed = Set.of(new Way(1, 2), new Way(3, 1));
    Set<Way> bridge = Set.of(new Way(1, 2), new Way(2, 1));
    Set<Way> oneOfOne = Set.of(new Way(1, 2));
    for (Set<Way> cut : List.of(mute, deaf, crossed)) {
      assertThat(Evidence.deposes(cut, 1, 3)).as("%s", cut).isTrue();
      assertThat(Evidence.deposes(cut, 2, 3)).as("%s of a follower", cut).isFalse();
      assertThat(Evidence.deposes(cut, 1, 5)).as("%s of five", cut).isFalse();
      assertThat(Evidence.deposes(cut, 0, 3)).as("%s of nobody", cut).isFalse();
    }
    assertThat(Evidence.deposes(bridge, 1, 3)).isFalse();
    assertThat(Evidence.deposes(oneOfOne, 1, 3)).isFalse();
    // Of two nodes neither can lead alone.
    assertThat(Evidence.deposes(bridge, 1, 2)).isFalse();
  }

  @Test
  void nothingLateNoDelay() {
    assertThat(Evidence.delay(7)).isEqualTo("7 pieces late");
    assertThat(Evidence.delay(0)).isEmpty();
  }

  @Test
  void aWriteThatWorkedFoundSpace() {
    assertThat(Evidence.diskFull("No space left on device")).contains("No space left");
    assertThat(Evidence.diskFull("")).isEmpty();
  }

  @Test
  void everyDiskMustHaveLostItsPower() {
    assertThat(Evidence.power("0 0 0", 3)).isEqualTo("ioctl answered 0 0 0");
    assertThat(Evidence.power("0 0", 3)).isEmpty();
    assertThat(Evidence.power("0 -1 0", 3)).isEmpty();
    assertThat(Evidence.power("", 3)).isEmpty();
  }

  @Test
  void tablesThatDifferAreTold() {
    assertThat(new TableHashes(9, List.of("ab", "ab", "ab")).difference()).isEmpty();
    assertThat(new TableHashes(9, List.of("ab", "ab", "cd")).difference())
        .contains("differ at index 9", "cd");
    assertThat(new TableHashes(9, List.of("", "", "")).difference()).contains("differ");
    assertThat(new TableHashes(9, List.of()).difference()).contains("differ");
  }
}
