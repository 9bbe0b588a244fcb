package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Volume.USER;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.testing.LocalMetadataSession;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Another mount has the lease of a directory, and may have done there what is not in the log yet:
 * each call that looks at the directory or at what its lease covers has it given back first. What
 * that mount did before it gave it back is what the call meets.
 */
@Timeout(60)
class DirectoryLeasesTest {

  private static final CreateMode MODE = CreateMode.of(0755);

  private final Volume volume = new Volume();
  private final Vfs here = volume.mount();
  private final LocalMetadataSession there = volume.tree.newSession();
  private final InodeId directory = make(InodeId.ROOT, "d", FileType.DIRECTORY);
  private final InodeId file = make(directory, "f", FileType.REGULAR);
  private final InodeId symlink = make(directory, "s", FileType.SYMLINK);
  private final InodeId below = make(directory, "below", FileType.DIRECTORY);
  private final InodeId outside = make(InodeId.ROOT, "outside", FileType.REGULAR);

  private long handle;
  private long listing;
  private int givenBack;

  DirectoryLeasesTest() throws Exception {}

  @BeforeEach
  void leaseTheDirectory() throws Exception {
    handle = here.files().open(USER, file, OpenFlags.READ_WRITE).handle();
    listing = here.directories().open(directory, 0);
    there.onRecall(this::giveBack);
    submit(new Operation.AcquireLease(directory));
  }

  @AfterEach
  void end() {
    volume.close();
  }

  /** Not {@code name}, which enums have one of. */
  private static FileName named(String text) {
    return FileName.ofText(text);
  }

  private Reply submit(Operation operation) {
    Reply reply = there.submit(new Request(operation, Caller.ROOT, Timestamp.EPOCH)).join();
    assertThat(reply.errno().isOk()).as("%s", operation).isTrue();
    return reply;
  }

  private InodeId make(InodeId parent, String name, FileType type) throws Exception {
    InodeId inode = there.nextInode();
    byte[] target = type == FileType.SYMLINK ? "target".getBytes(UTF_8) : null;
    submit(new Operation.Create(parent, named(name), inode, type, 0755, 0, target, true));
    return inode;
  }

  /** Ships what was done ahead: a file, and a new time of another. */
  private CompletableFuture<Void> giveBack(InodeId inode) {
    assertThat(inode).isEqualTo(directory);
    givenBack++;
    try {
      InodeId unused = make(directory, "late", FileType.REGULAR);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    submit(new Operation.SetAttributes(file, 0640, null, null, null, null, null));
    submit(new Operation.ReleaseLeases(List.of(directory)));
    return CompletableFuture.completedFuture(null);
  }

  /** A call of a mount. */
  private interface Call {
    void make(DirectoryLeasesTest test) throws Exception;
  }

  /** All that a mount does with names, attributes and contents. */
  @SuppressWarnings("ImmutableEnumChecker") // the calls keep nothing
  private enum Calls {
    LOOKUP(t -> t.here.namespace().lookup(t.directory, named("late"))),
    LOOKUP_OF_IT(t -> t.here.namespace().lookup(InodeId.ROOT, named("d"))),
    WALK(t -> t.here.namespace().walk(List.of(named("d"), named("late")))),
    WALK_AS_SHOWN(t -> t.here.namespace().walkAsShown(List.of(named("d"), named("late")))),
    WALK_ATTRIBUTES(t -> t.here.namespace().walkAttributes(List.of(named("d"), named("late")))),
    ATTRIBUTES(
        t ->
            assertThat(t.here.namespace().attributes(t.file).permissions())
                .as("as they are after what was done ahead")
                .isEqualTo(0640)),
    ATTRIBUTES_OF_IT(t -> t.here.namespace().attributes(t.directory)),
    PARENT(t -> t.here.namespace().parent(t.below)),
    READ_LINK(t -> t.here.namespace().readLink(t.symlink)),
    CHANGE(
        t ->
            t.here
                .namespace()
                .change(USER, t.file, new AttributeChange(null, null, null, 5L, null, null))),
    MAKE_NODE(
        t -> t.here.namespace().makeNode(USER, t.directory, named("p"), FileType.FIFO, MODE, 0)),
    MAKE_DIRECTORY(t -> t.here.namespace().makeDirectory(USER, t.directory, named("m"), MODE)),
    MAKE_SYMLINK(
        t -> t.here.namespace().makeSymlink(USER, t.directory, named("l"), new byte[] {'x'})),
    LINK(t -> t.here.namespace().link(USER, t.outside, t.directory, named("l"))),
    LINK_AWAY(t -> t.here.namespace().link(USER, t.file, InodeId.ROOT, named("l"))),
    UNLINK(t -> t.here.namespace().unlink(USER, t.directory, named("late"))),
    REMOVE_DIRECTORY(t -> t.here.namespace().removeDirectory(USER, t.directory, named("below"))),
    RENAME_AWAY(
        t ->
            t.here
                .namespace()
                .rename(USER, t.directory, named("late"), InodeId.ROOT, named("r"), 0)),
    RENAME_INTO(
        t ->
            t.here
                .namespace()
                .rename(USER, InodeId.ROOT, named("outside"), t.directory, named("r"), 0)),
    CREATE(t -> t.here.files().create(USER, t.directory, named("c"), MODE, OpenFlags.READ_WRITE)),
    OPEN(t -> t.here.files().open(USER, t.file, OpenFlags.READ_ONLY)),
    READ(t -> t.here.files().read(t.handle, 0, ByteBuffer.allocate(10))),
    WRITE(t -> t.here.files().write(USER, t.handle, 0, ByteBuffer.wrap(new byte[10]))),
    SEEK(
        t -> {
          t.here.files().write(USER, t.handle, 0, ByteBuffer.wrap(new byte[10]));
          t.here.files().seek(t.handle, 0, true);
        }),
    TRUNCATE(t -> t.here.files().truncate(USER, t.handle, 3)),
    ALLOCATE(t -> t.here.files().allocate(USER, t.handle, 0, 0, 10)),
    OPEN_DIRECTORY(t -> t.here.directories().open(t.directory, 0)),
    READ_DIRECTORY(
        t ->
            assertThat(t.here.directories().read(t.listing, 0, 100))
                .extracting(entry -> new String(entry.name(), UTF_8))
                .contains("late")),
    READ_DIRECTORY_PLUS(t -> t.here.directories().readPlus(t.listing, 0, 100)),
    XATTR_NAMES(t -> t.here.xattrs().list(USER, t.file, true)),
    SET_XATTR(t -> t.here.xattrs().set(USER, t.file, "user.a".getBytes(UTF_8), new byte[] {1}, 0));

    private final Call call;

    Calls(Call call) {
      this.call = call;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCallHasTheLeaseGivenBackFirst(Calls call) throws Exception {
    call.call.make(this);
    assertThat(givenBack).isEqualTo(1);
    assertThat(volume.tree.holder(directory)).isNull();
  }

  @Test
  void whatTheLeaseDoesNotCoverDoesNotNeedIt() throws Exception {
    assertThat(here.namespace().attributes(below).isDirectory()).isTrue();
    assertThat(here.namespace().attributes(outside).isRegular()).isTrue();
    here.namespace().makeDirectory(USER, below, named("m"), MODE);
    here.namespace().unlink(USER, InodeId.ROOT, named("outside"));
    assertThat(here.statfs().inodes()).isPositive();
    assertThat(givenBack).isZero();
  }
}
