package io.pandofs.mount.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.mount.vfs.AttributeChange;
import io.pandofs.mount.vfs.Namespace;
import io.pandofs.mount.vfs.Volume;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a path leads to is replaced all the time. */
class PathsTest {
  private static final FileName NAME = FileName.ofText("f");

  private final Volume volume = new Volume();
  private final Namespace namespace = volume.mount().namespace();
  private final Paths paths = new Paths(namespace);
  private final List<InodeId> used = new ArrayList<>();

  @BeforeEach
  void make() throws Exception {
    make(0644);
  }

  @AfterEach
  void end() {
    volume.close();
  }

  private InodeId make(int permissions) throws ErrnoException {
    return namespace
        .makeNode(Volume.USER, InodeId.ROOT, NAME, FileType.FIFO, CreateMode.of(permissions), 0)
        .inode();
  }

  private InodeId replace(int permissions) throws ErrnoException {
    namespace.unlink(Volume.USER, InodeId.ROOT, NAME);
    return make(permissions);
  }

  @Test
  void theOneThatIsThereInTheEndIsUsed() throws Exception {
    InodeId last =
        paths.on(
            "/f",
            inode -> {
              used.add(inode);
              if (used.size() < 8) {
                replace(0644);
                throw new ErrnoException(Errno.ESTALE);
              }
              return inode;
            });
    assertThat(used).hasSize(8).doesNotHaveDuplicates();
    assertThat(last).isEqualTo(paths.attributes("/f").inode());
  }

  /** Every inode that the path leads to is told to be stale, after something was done. */
  private ThrowableAssert.ThrowingCallable stale(Meanwhile meanwhile) {
    return () ->
        paths.on(
            "/f",
            inode -> {
              used.add(inode);
              meanwhile.run();
              throw new ErrnoException(Errno.ESTALE);
            });
  }

  @FunctionalInterface
  private interface Meanwhile {
    void run() throws ErrnoException;
  }

  @Test
  void notForEver() {
    assertThatThrownBy(stale(() -> {}))
        .isInstanceOf(ErrnoException.class)
        .hasMessageContaining("ESTALE");
    assertThat(used).hasSize(8);
  }

  /** The kernel has looked whether the caller may use the first; nobody has for the second. */
  @Test
  void whatTheKernelMightJudgeOtherwiseIsNotUsed() throws Exception {
    assertThatThrownBy(stale(() -> replace(0600))).hasMessageContaining("ESTALE");
    assertThat(used).hasSize(1);
    InodeId second = replace(0644);
    used.clear();
    AttributeChange owner = AttributeChange.owner(null, 4711);
    assertThatThrownBy(stale(() -> namespace.change(Volume.USER, second, owner)))
        .hasMessageContaining("ESTALE");
    assertThat(used).containsExactly(second);
  }

  @Test
  void whatIsGoneIsToldAsGone() {
    assertThatThrownBy(stale(() -> namespace.unlink(Volume.USER, InodeId.ROOT, NAME)))
        .hasMessageContaining("ENOENT");
  }
}
