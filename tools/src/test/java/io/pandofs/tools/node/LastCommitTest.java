package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is said of the last commit of a mount, and what becomes of the mount. */
final class LastCommitTest {
  private final List<String> done = new ArrayList<>();
  private int losesAtSync;
  private int failsAtSync;

  private LastCommit commit() {
    return new LastCommit(
        new LastCommit.Steps() {
          private int syncs;
          private long losses = 5;

          @Override
          public void sync() throws ErrnoException {
            done.add("sync");
            syncs++;
            losses += syncs == losesAtSync ? 2 : 0;
            if (syncs == failsAtSync) {
              throw new ErrnoException(Errno.EIO, "no quorum");
            }
          }

          @Override
          public long losses() {
            return losses;
          }

          @Override
          public long untoldFiles() {
            return losses - 4;
          }

          @Override
          public void unmount() {
            done.add("unmount");
          }

          @Override
          public void close() {
            done.add("close");
          }
        });
  }

  @Test
  void whatIsWrittenUntilTheEndIsCommitted() {
    assertThatCode(() -> commit().run(() -> true)).doesNotThrowAnyException();
    assertThat(done).containsExactly("sync", "unmount", "sync", "close");
  }

  @Test
  void aLossIsToldAndTheMountGoesOn() {
    losesAtSync = 1;
    assertThatIOException()
        .isThrownBy(() -> commit().run(() -> true))
        .withMessageContaining("was lost")
        .withMessageContaining("3 files");
    assertThat(done).containsExactly("sync");
  }

  @Test
  void aLossAfterTheUnmountIsToldToo() {
    losesAtSync = 2;
    assertThatIOException()
        .isThrownBy(() -> commit().run(() -> true))
        .withMessageContaining("3 files");
    assertThat(done).containsExactly("sync", "unmount", "sync", "close");
  }

  @Test
  void whatCannotBeCommittedIsKept() {
    failsAtSync = 1;
    assertThatIOException()
        .isThrownBy(() -> commit().run(() -> true))
        .withMessageContaining("no quorum");
    assertThat(done).containsExactly("sync");
    failsAtSync = 2;
    assertThatIOException()
        .isThrownBy(() -> commit().run(() -> true))
        .withMessageContaining("no quorum");
    assertThat(done).doesNotContain("close");
  }

  @Test
  void aNodeThatIsToStayAfterAllKeepsItsMount() {
    assertThatIOException().isThrownBy(() -> commit().run(() -> false));
    assertThat(done).containsExactly("sync");
  }
}
