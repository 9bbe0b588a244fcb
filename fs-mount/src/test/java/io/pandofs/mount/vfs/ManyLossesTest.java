package io.pandofs.mount.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import org.junit.jupiter.api.Test;

/** However many files lose data, who has one of them open hears of it. */
class ManyLossesTest {
  private static final int MANY = 10_000;

  private final LostData lostData = new LostData();

  @Test
  void whatAnOpenFileLostIsNotForgottenOverOthers() {
    InodeId database = new InodeId(2);
    long checkpointer = lostData.opened(database);
    lostData.lost(database, Errno.ENOSPC);
    loseMany();
    assertThat(lostData.untold(database, checkpointer)).isEqualTo(Errno.ENOSPC);
    assertThat(lostData.untoldFiles()).isEqualTo(MANY + 1);
    long told = lostData.tell(database);
    assertThat(lostData.untold(database, told)).isNull();
  }

  @Test
  void whatIsOpenedAgainIsNotForgottenEither() {
    InodeId database = new InodeId(2);
    long writer = lostData.opened(database);
    lostData.lost(database, Errno.EIO);
    lostData.closed(database);
    long checkpointer = lostData.opened(database);
    assertThat(checkpointer).isEqualTo(writer);
    loseMany();
    assertThat(lostData.untold(database, checkpointer)).isEqualTo(Errno.EIO);
  }

  @Test
  void manyOpenFilesAreAllTold() {
    long[] upTo = new long[MANY];
    for (int i = 0; i < MANY; i++) {
      upTo[i] = lostData.opened(new InodeId(10 + i));
      lostData.lost(new InodeId(10 + i), Errno.EIO);
    }
    for (int i = 0; i < MANY; i++) {
      assertThat(lostData.untold(new InodeId(10 + i), upTo[i])).isEqualTo(Errno.EIO);
    }
  }

  /** Files that are written, lost and closed, whatever their programs say to that. */
  private void loseMany() {
    for (int i = 0; i < MANY; i++) {
      InodeId copied = new InodeId(10 + i);
      long unused = lostData.opened(copied);
      lostData.lost(copied, Errno.ENOSPC);
      lostData.closed(copied);
    }
  }
}
