package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.NodeId;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Who is told that his tables are not those of the others. */
class HashVotesTest {
  private static final NodeId N1 = new NodeId(1);
  private static final NodeId N2 = new NodeId(2);
  private static final NodeId N3 = new NodeId(3);
  private static final NodeId N4 = new NodeId(4);
  private static final List<Set<NodeId>> THREE = List.of(Set.of(N1, N2, N3));

  private final HashVotes votes = new HashVotes();

  @Test
  void whoeverIsAloneIsToldOnceTheOthersAgree() {
    assertThat(votes.differs(N1, 10, "bad", THREE)).isFalse();
    assertThat(votes.differs(N2, 10, "good", THREE)).isFalse();
    assertThat(votes.differs(N1, 10, "bad", THREE)).isFalse();
    assertThat(votes.differs(N3, 10, "good", THREE)).isFalse();
    assertThat(votes.differs(N1, 10, "bad", THREE)).isTrue();
    assertThat(votes.differs(N2, 10, "good", THREE)).isFalse();
  }

  @Test
  void hashesOfDifferentIndexesAreNotCompared() {
    votes.differs(N2, 10, "ten", THREE);
    votes.differs(N3, 10, "ten", THREE);
    assertThat(votes.differs(N1, 11, "eleven", THREE)).isFalse();
  }

  @Test
  void withoutAMajorityNobodyIsTold() {
    List<Set<NodeId>> four = List.of(Set.of(N1, N2, N3, N4));
    votes.differs(N1, 10, "one", four);
    votes.differs(N2, 10, "one", four);
    votes.differs(N3, 10, "other", four);
    assertThat(votes.differs(N4, 10, "other", four)).isFalse();
    assertThat(votes.differs(N1, 10, "one", four)).isFalse();
  }

  @Test
  void whileVotersChangeBothGroupsMustAgree() {
    List<Set<NodeId>> changing = List.of(Set.of(N1, N2), Set.of(N1, N2, N3));
    votes.differs(N2, 10, "good", changing);
    votes.differs(N3, 10, "good", changing);
    assertThat(votes.differs(N1, 10, "bad", changing)).isFalse();
  }

  @Test
  void whatIsNoVoterCountsForNothing() {
    votes.differs(N4, 10, "good", THREE);
    votes.differs(N2, 10, "good", THREE);
    assertThat(votes.differs(N1, 10, "bad", THREE)).isFalse();
    votes.differs(N3, 10, "good", THREE);
    assertThat(votes.differs(N4, 10, "bad", THREE)).isTrue();
  }
}
