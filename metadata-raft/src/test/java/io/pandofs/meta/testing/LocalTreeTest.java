package io.pandofs.meta.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import java.util.List;
import org.junit.jupiter.api.Test;

class LocalTreeTest {
  private static final FileName NAME = FileName.ofText("a");

  private final LocalTree tree = new LocalTree();

  @Test
  void sessionsSeeEachOthersWorkAndHeldOrphansLive() throws Exception {
    LocalMetadataSession one = tree.newSession();
    LocalMetadataSession two = tree.newSession();
    InodeId inode = one.nextInode();
    BlockId block = one.nextBlock();
    assertThat(
            submit(
                    one,
                    new Operation.Create(
                        InodeId.ROOT, NAME, inode, FileType.REGULAR, 0644, 0, null, true))
                .errno())
        .isEqualTo(Errno.OK);
    NewBlock stored = new NewBlock(block, 5, 77, tree.placementEpoch(), List.of(tree.node()));
    Operation write =
        new Operation.Write(inode, List.of(new Extent(0, 5, block, 0)), List.of(stored));
    assertThat(submit(one, write).errno()).isEqualTo(Errno.OK);
    two.hold(inode);
    try (MetadataView view = two.view()) {
      assertThat(view.lookup(InodeId.ROOT, NAME).sizeBytes()).isEqualTo(5);
    }
    assertThat(submit(one, new Operation.Unlink(InodeId.ROOT, NAME)).errno()).isEqualTo(Errno.OK);
    tree.reap();
    try (MetadataView view = two.view()) {
      assertThat(view.attributes(inode).links()).isZero();
    }
    assertThat(tree.isReferenced(block)).isTrue();
    two.release(inode);
    assertThat(tree.isReferenced(block)).isFalse();
    assertThat(tree.stats().inodes()).isEqualTo(1);
  }

  @Test
  void anExpiredSessionAnswersEio() throws Exception {
    LocalMetadataSession session = tree.newSession();
    tree.expire(session.id());
    assertThat(session.expired()).isDone();
    assertThat(submit(session, new Operation.Unlink(InodeId.ROOT, NAME)).errno())
        .isEqualTo(Errno.EIO);
  }

  private static Reply submit(LocalMetadataSession session, Operation operation) throws Exception {
    return session.submit(new Request(operation, Caller.ROOT, Timestamp.EPOCH)).get();
  }
}
