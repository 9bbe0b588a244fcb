package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.meta.wire.MemberMessage;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogDelayTest {
  private final HandLog log = new HandLog();
  private Duration stands = Duration.ZERO;
  private long others;
  private int remedies;

  private final LogDelay delay = new LogDelay(log, () -> stands, () -> others, () -> remedies++);

  /** Each sync of this node takes so many looks, that of the others less than one. */
  private void write(int looks, int pauses, int writes) {
    for (int i = 0; i < writes; i++) {
      log.last++;
      others = log.last;
      for (int j = 0; j < looks; j++) {
        delay.look();
      }
      log.synced = log.last;
      for (int j = 0; j < pauses; j++) {
        delay.look();
      }
    }
  }

  @Test
  void anotherLeadsWhenThisDiskIsOftenLate() {
    write(3, 0, 40);
    assertThat(remedies).isZero();
    write(3, 0, 60);
    assertThat(remedies).isEqualTo(1);
  }

  @Test
  void itIsTriedAgainLessAndLessOften() {
    write(3, 0, LogDelay.PAUSE_LEAST / 3);
    assertThat(remedies).isEqualTo(1);
    write(3, 0, 200);
    assertThat(remedies).isEqualTo(2);
    write(3, 0, LogDelay.PAUSE_LEAST / 3);
    assertThat(remedies).isEqualTo(2);
    write(3, 0, LogDelay.PAUSE_LEAST / 3 + 100);
    assertThat(remedies).isEqualTo(3);
  }

  /** LogStall's business. */
  @Test
  void aDiskThatHangsIsNotSlow() {
    stands = LogDelay.HANGS_AFTER;
    write(1000, 0, 1);
    assertThat(remedies).isZero();
    stands = stands.minusMillis(1);
    write(1000, 0, 1);
    assertThat(remedies).isEqualTo(1);
  }

  private static MemberMessage voter(long node, long matched, long silentMillis) {
    return MemberMessage.newBuilder()
        .setNode(node)
        .setVoter(true)
        .setHeard(true)
        .setMatched(matched)
        .setSilentMillis(silentMillis)
        .build();
  }

  @Test
  void enoughOthersHaveWhatAMajorityWithoutThisNodeHas() {
    assertThat(Peers.without(List.of())).isEqualTo(-1);
    assertThat(Peers.without(List.of(voter(2, 9, 0)))).as("one of two").isEqualTo(-1);
    assertThat(Peers.without(List.of(voter(2, 9, 0), voter(3, 7, 0)))).isEqualTo(7);
    assertThat(Peers.without(List.of(voter(2, 9, 0), voter(3, 7, 0), voter(4, 8, 0)))).isEqualTo(7);
    List<MemberMessage> four =
        List.of(voter(2, 9, 0), voter(3, 7, 0), voter(4, 8, 0), voter(5, 1, 0));
    assertThat(Peers.without(four)).isEqualTo(7);
    assertThat(Peers.quicker(four, 7)).isEmpty();
    assertThat(Peers.quicker(four, 6))
        .hasValueSatisfying(o -> assertThat(o.getNode()).isEqualTo(2));
  }

  @Test
  void whoIsDeadOrBehindIsNotChosen() {
    List<MemberMessage> others = List.of(voter(2, 9, 60_000), voter(3, 9, 0), voter(4, 9, 60_000));
    assertThat(Peers.quicker(others, 6))
        .hasValueSatisfying(o -> assertThat(o.getNode()).isEqualTo(3));
    assertThat(Peers.quicker(List.of(voter(2, 9, 60_000), voter(3, 9, 60_000)), 6)).isEmpty();
  }

  @Test
  void aDiskThatIsLateNowAndThenIsLeftAlone() {
    write(2, 1, 1000);
    write(5, 8, 1000);
    write(1, 0, 1000);
    assertThat(remedies).isZero();
  }

  /** With one slow follower it would be no quicker elsewhere. */
  @Test
  void whatTheOthersDoNotHaveIsNotTheDisksFault() {
    for (int i = 0; i < 1000; i++) {
      log.last++;
      others = log.last - 1;
      delay.look();
      delay.look();
      delay.look();
      log.synced = log.last;
    }
    assertThat(remedies).isZero();
  }

  @Test
  void onlyALeaderHandsOver() {
    log.leads = false;
    write(3, 0, 1000);
    assertThat(remedies).isZero();
  }
}
