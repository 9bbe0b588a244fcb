package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LogDelayTest {
  private boolean leads = true;
  private long synced;
  private long others;
  private long last;
  private int remedies;

  private final LogDelay delay =
      new LogDelay(
          new LogStall.Log() {
            @Override
            public boolean isLeader() {
              return leads;
            }

            @Override
            public long syncedIndex() {
              return synced;
            }

            @Override
            public long lastIndex() {
              return last;
            }
          },
          () -> others,
          () -> remedies++);

  /** Each sync of this node takes so many looks, that of the others less than one. */
  private void write(int looks, int pauses, int writes) {
    for (int i = 0; i < writes; i++) {
      last++;
      others = last;
      for (int j = 0; j < looks; j++) {
        delay.look();
      }
      synced = last;
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
    write(3, 0, 60);
    assertThat(remedies).as("it did not help").isEqualTo(2);
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
      last++;
      others = last - 1;
      delay.look();
      delay.look();
      delay.look();
      synced = last;
    }
    assertThat(remedies).isZero();
  }

  @Test
  void onlyALeaderHandsOver() {
    leads = false;
    write(3, 0, 1000);
    assertThat(remedies).isZero();
  }
}
