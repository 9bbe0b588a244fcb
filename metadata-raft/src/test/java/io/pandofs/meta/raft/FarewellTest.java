package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.NodeId;
import io.pandofs.meta.wire.MembersAnswer;
import org.junit.jupiter.api.Test;

/** What a removed voter makes of a leader's answer; that it goes is BrokenOffRemovalTest's. */
class FarewellTest {
  private static final NodeId SELF = new NodeId(3);

  private static boolean isGone(long... voters) {
    MembersAnswer.Builder answer = MembersAnswer.newBuilder();
    for (long voter : voters) {
      answer.addSettledVoters(voter);
    }
    return Farewell.goesOnWithout(SELF, answer.build());
  }

  @Test
  void itGoesWhenTheVotersAreSettledWithoutIt() {
    assertThat(isGone(1, 2)).isTrue();
  }

  @Test
  void itStaysWhileItVotesOrNobodyKnows() {
    assertThat(isGone(1, 2, 3)).isFalse();
    assertThat(isGone()).as("a change under way, or a leader that leads no more").isFalse();
  }
}
