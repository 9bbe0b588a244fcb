package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.LimitedLog;
import io.pandofs.common.NodeId;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Peer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Whom a node still listens to. */
class MembersOnlyTest {
  private static final int ANEW = 1;
  private static final int ANYTHING = 2;
  private static final InetSocketAddress SOMEWHERE =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

  private final Set<NodeId> left = new HashSet<>(Set.of(new NodeId(2)));
  private final List<Integer> asked = new ArrayList<>();
  private final MembersOnly service =
      new MembersOnly(
          (from, method, request) -> {
            asked.add(method);
            return CompletableFuture.completedFuture(request);
          },
          method -> method == ANEW,
          left::contains,
          new LimitedLog(LoggerFactory.getLogger(MembersOnlyTest.class), new HandClock()));

  private CompletionStage<Payload> ask(Peer from, int method) {
    return service.handle(from, method, Payload.of(new byte[1]));
  }

  private static Peer member(long node) {
    return new Peer(SOMEWHERE, Peer.Kind.MEMBER, new NodeId(node));
  }

  @Test
  void whoIsNoMemberAnyMoreMayOnlyJoinAnew() {
    assertThatThrownBy(() -> ask(member(2), ANYTHING).toCompletableFuture().join())
        .hasMessageContaining("n2 is no member of this cluster any more");
    assertThat(asked).isEmpty();
    ask(member(2), ANEW);
    assertThat(asked).containsExactly(ANEW);
  }

  @Test
  void membersAndThoseOfOneMachineAreHeard() {
    ask(member(1), ANYTHING);
    ask(Peer.plain(SOMEWHERE), ANYTHING);
    assertThat(asked).hasSize(2);
    // At once, on a connection that is open.
    left.add(new NodeId(1));
    assertThat(ask(member(1), ANYTHING).toCompletableFuture()).isCompletedExceptionally();
  }
}
