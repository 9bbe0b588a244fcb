package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What must hold between settings of Ratis. */
class RaftSettingsTest {
  @TempDir Path dir;

  /** Ratis waits for the disk under the server's lock when the queue is full. */
  @Test
  void proposalsAreRefusedLongBeforeTheQueueToTheDiskIsFull() {
    RaftProperties settings = RaftSettings.of(new TestNode(dir, "n1").config(null), dir);
    long writeBytes = RaftServerConfigKeys.Write.byteLimit(settings).getSize();
    assertThat(writeBytes)
        .isBetween(
            4L * RaftSettings.ENTRY_BYTES_MAX,
            RaftServerConfigKeys.Log.queueByteLimit(settings).getSize() / 2);
    assertThat(RaftServerConfigKeys.Write.elementLimit(settings))
        .isLessThanOrEqualTo(RaftServerConfigKeys.Log.queueElementLimit(settings) / 2);
  }
}
