package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.config.QuorumLoss;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The word and the sentence of a mount, for each policy. */
final class MountPolicyTest {
  private static final QuorumLoss WAIT = QuorumLoss.waiting(Duration.ofSeconds(30));

  private Duration lost = Duration.ZERO;

  private MountPolicy policy(QuorumLoss loss) {
    return new MountPolicy(loss, () -> lost);
  }

  @Test
  void withAMajorityAllIsWell() {
    assertThat(policy(WAIT).word()).isEqualTo("ok");
    assertThat(policy(QuorumLoss.ERROR).sentence()).isEmpty();
  }

  @Test
  void oneThatWaitsSaysWhenItHasWaitedEnough() {
    MountPolicy waits = policy(WAIT);
    lost = Duration.ofMillis(29_999);
    assertThat(waits.word()).isEqualTo("waiting");
    assertThat(waits.sentence()).isEqualTo("no majority: calls wait for it, for 30 s");
    lost = Duration.ofSeconds(30);
    assertThat(waits.word()).isEqualTo("no-quorum");
    assertThat(waits.sentence()).contains("EIO");
    lost = Duration.ZERO;
    assertThat(waits.word()).isEqualTo("ok");
  }

  @Test
  void theOthersDoNotWait() {
    lost = Duration.ofNanos(1);
    assertThat(policy(QuorumLoss.ERROR).word()).isEqualTo("no-quorum");
    assertThat(policy(QuorumLoss.READ_ONLY).word()).isEqualTo("read-only");
    assertThat(policy(QuorumLoss.READ_ONLY).sentence()).contains("old state");
  }

  @Test
  void aSessionThatIsOverIsSaidUntilThereIsAnother() {
    MountPolicy mount = policy(WAIT);
    CompletableFuture<Void> end = new CompletableFuture<>();
    mount.sessionEndsWith(end);
    assertThat(mount.word()).isEqualTo("ok");
    end.complete(null);
    assertThat(mount.word()).isEqualTo("expired");
    assertThat(mount.sentence()).contains("registers a new one");
    lost = Duration.ofSeconds(31);
    assertThat(mount.word()).as("the majority comes first").isEqualTo("no-quorum");
    lost = Duration.ZERO;
    mount.sessionEndsWith(new CompletableFuture<>());
    assertThat(mount.word()).isEqualTo("ok");
  }

  @Test
  void aStoppingNodeIsNotOneWithoutAMajority() {
    MountPolicy stopping =
        new MountPolicy(
            QuorumLoss.ERROR,
            () -> {
              throw new ErrnoException(Errno.EIO);
            });
    assertThat(stopping.word()).isEqualTo("ok");
  }
}
