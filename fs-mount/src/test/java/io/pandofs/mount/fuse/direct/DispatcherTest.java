package io.pandofs.mount.fuse.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.FileLock;
import io.pandofs.mount.fuse.MountOptions;
import io.pandofs.mount.vfs.AttributeChange;
import io.pandofs.mount.vfs.LockOperations;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.Volume;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests laid out by hand, against a volume in memory; no kernel takes part. */
class DispatcherTest {

  private static final int LARGEST = (1 << 20) + 4096;
  private static final int O_RDWR = 2;

  private final Volume volume = new Volume();
  private final Vfs vfs = volume.mount();
  private final List<Long> interrupted = new ArrayList<>();
  private final List<LockOperations.Asked> waiting = new ArrayList<>();
  private final ByteBuffer memory =
      ByteBuffer.allocateDirect(LARGEST).order(ByteOrder.nativeOrder());
  private final Reply out = new Reply(memory);
  private final CompletableFuture<Void> initialised = new CompletableFuture<>();
  private final Dispatcher dispatcher = new Dispatcher(vfs, () -> MountOptions.OK, initialised);

  @AfterEach
  void end() {
    volume.close();
  }

  private int serve(Request in) {
    return dispatcher.serve(in, out, calls);
  }

  private final Calls calls =
      new Calls() {
        @Override
        public boolean interrupt(Request in) {
          return interrupted(in);
        }

        @Override
        public void later(Request in, LockOperations.Asked asked) {
          waiting.add(asked);
        }
      };

  /** Request 99 is not known. */
  private boolean interrupted(Request request) {
    interrupted.add(request.int64(0));
    return request.int64(0) != 99;
  }

  /** Serves it well; the answer's length without its header. */
  private int body(Bytes request) {
    assertThat(serve(request.decoded())).isZero();
    return out.finish(1, 0) - 16;
  }

  private void assertFails(Errno errno, Bytes request) {
    assertThat(serve(request.decoded())).isEqualTo(-errno.number());
  }

  /** CREATE in the root with mode 0640; its node. The handle is at 144. */
  private long create(String name) {
    Bytes request = Bytes.request(35, 1);
    assertThat(body(request.int32(O_RDWR).int32(0100640).int32(022).int32(0).text(name)))
        .isEqualTo(128 + 16);
    return memory.getLong(16);
  }

  private long handle() {
    return memory.getLong(16 + 128);
  }

  /** CREATE of "f" in the root by somebody, the file being there already. */
  private static Bytes createAgain(int uid, int flags) {
    Bytes request = Bytes.request(35, 1, uid);
    return request.int32(flags).int32(0100666).int32(0).int32(0).text("f");
  }

  @Test
  void whoMeetsAFileWhereThereWasNoneMayOpenItOrLooksAgain() throws Exception {
    long node = create("f");
    int exclusive = 0200;
    int other = 1002;
    assertThat(body(createAgain(1000, O_RDWR))).isEqualTo(144);
    assertThat(memory.getLong(16)).isEqualTo(node);
    assertThat(body(createAgain(0, O_RDWR))).isEqualTo(144);
    assertFails(Errno.ESTALE, createAgain(other, O_RDWR));
    assertFails(Errno.ESTALE, createAgain(other, 0));
    assertFails(Errno.EEXIST, createAgain(1000, O_RDWR | exclusive));
    vfs.namespace().change(Volume.USER, new InodeId(node), AttributeChange.permissions(0466));
    assertThat(body(createAgain(1000, 0))).isEqualTo(144);
    assertFails(Errno.ESTALE, createAgain(1000, 1));
    assertFails(Errno.ESTALE, createAgain(1000, O_RDWR));
    int truncate = 01000;
    assertFails(Errno.ESTALE, createAgain(1000, truncate));
  }

  private static Bytes write(long node, long handle, long offset, String data) {
    return write(node, handle, O_RDWR, offset, data);
  }

  private static Bytes write(long node, long handle, int flags, long offset, String data) {
    return Bytes.request(16, node)
        .int64(handle)
        .int64(offset)
        .int32(data.length())
        .int32(0)
        .int64(0)
        .int32(flags)
        .int32(0)
        .data(data);
  }

  private static Bytes read(int opcode, long node, long handle, long offset, int size) {
    return Bytes.request(opcode, node)
        .int64(handle)
        .int64(offset)
        .int32(size)
        .int32(0)
        .int64(0)
        .int32(0)
        .int32(0);
  }

  /** The kernel looks at what it has made, and others may have been quicker. */
  @Test
  void theLookAfterACreateShowsWhatOthersHaveWritten() {
    long node = create("f");
    assertThat(body(write(node, handle(), 3, "hello").from(78))).isEqualTo(8);
    assertThat(body(Bytes.request(3, node).int32(0).int32(0).int64(0))).isEqualTo(104);
    assertThat(memory.getLong(16 + 16 + 8)).as("size").isEqualTo(8);
  }

  @Test
  void theLookAfterACreateSucceedsThoughTheFileIsGone() throws Exception {
    long node = create("f");
    assertThat(body(Bytes.request(18, node).int64(handle()).int32(0).int32(0).int64(0))).isZero();
    volume.mount().namespace().unlink(Volume.USER, InodeId.ROOT, FileName.ofText("f"));
    Bytes look = Bytes.request(3, node).int32(0).int32(0).int64(0);
    Bytes another = Bytes.request(3, node).int32(0).int32(0).int64(0).from(78);
    // The mount lets go of it a moment after it has given the lease back.
    await()
        .until(
            () -> {
              volume.tree().reap();
              return serve(another.decoded()) == -Errno.ESTALE.number();
            });
    assertThat(body(look)).isEqualTo(104);
    assertFails(Errno.ESTALE, look);
  }

  @Test
  void aFileIsMadeWrittenReadAndFound() {
    long node = create("f");
    long handle = handle();
    assertThat(memory.getInt(16 + 40 + 60)).as("mode").isEqualTo(0100640);
    assertThat(body(write(node, handle, 3, "hello"))).isEqualTo(8);
    assertThat(memory.getInt(16)).isEqualTo(5);
    assertThat(body(read(15, node, handle, 2, 4096))).isEqualTo(6);
    byte[] got = new byte[6];
    memory.get(16, got);
    assertThat(new String(got, StandardCharsets.US_ASCII)).isEqualTo("\0hello");
    assertThat(body(Bytes.request(1, 1).text("f"))).isEqualTo(128);
    assertThat(memory.getLong(16)).isEqualTo(node);
    assertThat(memory.getLong(16 + 48)).as("size").isEqualTo(8);
    assertThat(body(Bytes.request(18, node).int64(handle).int32(0).int32(0).int64(0))).isZero();
    assertFails(Errno.EBADF, read(15, node, handle, 0, 10));
    assertFails(Errno.ENOENT, Bytes.request(1, 1).text("g"));
  }

  @Test
  void dotsAreNamesForWhoOpensByFileHandle() {
    assertThat(body(Bytes.request(9, 1).int32(0755).int32(0).text("d"))).isEqualTo(128);
    long directory = memory.getLong(16);
    assertThat(body(Bytes.request(1, directory).text("."))).isEqualTo(128);
    assertThat(memory.getLong(16)).isEqualTo(directory);
    assertThat(body(Bytes.request(1, directory).text(".."))).isEqualTo(128);
    assertThat(memory.getLong(16)).isEqualTo(1);
  }

  @Test
  void attributesAreSetWhereTheFlagsSaySo() {
    long node = create("f");
    int mode = 1;
    int gid = 1 << 2;
    int atime = 1 << 4;
    Bytes change = Bytes.request(4, node).int32(mode | gid | atime).int32(0).int64(0).int64(99);
    change.int64(0).int64(-5).int64(6).int64(7).int32(8).int32(9).int32(10).int32(0100711);
    change.int32(0).int32(55).int32(1001).int32(0);
    assertThat(body(change)).isEqualTo(104);
    int attr = 16 + 16;
    assertThat(memory.getLong(attr + 8)).as("size stays").isZero();
    assertThat(memory.getLong(attr + 24)).as("atime").isEqualTo(-5);
    assertThat(memory.getInt(attr + 48)).as("atime's nanoseconds").isEqualTo(8);
    assertThat(memory.getLong(attr + 32)).as("mtime stays").isNotEqualTo(6);
    assertThat(memory.getInt(attr + 60)).as("mode").isEqualTo(0100711);
    assertThat(memory.getInt(attr + 68)).as("uid stays").isEqualTo(1000);
    assertThat(memory.getInt(attr + 72)).as("gid").isEqualTo(1001);
  }

  /** SETATTR of nothing. */
  private static Bytes setNothing(long node, int uid) {
    Bytes request = Bytes.request(4, node, uid).int32(0).int32(0);
    for (int at = 8; at < 88; at += 8) {
      request.int64(0);
    }
    return request;
  }

  @Test
  void onlyTheOwnerTakesPrivilegesFromAFile() throws Exception {
    long node = create("f");
    InodeId inode = new InodeId(node);
    vfs.namespace().change(Volume.USER, inode, AttributeChange.permissions(04711));
    assertThat(body(setNothing(node, 1002))).isEqualTo(104);
    assertThat(vfs.namespace().attributes(inode).permissions()).isEqualTo(04711);
    assertThat(body(setNothing(node, 1000))).isEqualTo(104);
    assertThat(vfs.namespace().attributes(inode).permissions()).isEqualTo(0711);
  }

  @Test
  void aFileIsMadeWithoutAName() {
    Bytes request = Bytes.request(51, 1).int32(O_RDWR).int32(0100640).int32(022).int32(0);
    assertThat(body(request.text("/"))).isEqualTo(128 + 16);
    int attr = 16 + 40;
    assertThat(memory.getInt(attr + 64)).as("links").isZero();
    long node = memory.getLong(16);
    long handle = handle();
    assertThat(body(write(node, handle, 0, "abc"))).isEqualTo(8);
    assertThat(body(Bytes.request(13, 1).int64(node).text("f"))).isEqualTo(128);
    assertThat(memory.getInt(attr + 64)).as("links").isEqualTo(1);
    assertThat(memory.getLong(attr + 8)).as("size").isEqualTo(3);
  }

  private static Bytes copy(long from, long to, long flags) {
    return Bytes.request(47, 7)
        .int64(from)
        .int64(1)
        .int64(8)
        .int64(to)
        .int64(2)
        .int64(Long.MAX_VALUE)
        .int64(flags);
  }

  @Test
  void aRangeIsCopied() {
    long node = create("f");
    long from = handle();
    assertThat(body(write(node, from, 0, "abcd"))).isEqualTo(8);
    long other = create("g");
    long to = handle();
    assertThat(body(copy(from, to, 0))).isEqualTo(8);
    assertThat(memory.getInt(16)).isEqualTo(3);
    assertThat(body(read(15, other, to, 0, 100))).isEqualTo(5);
    byte[] got = new byte[5];
    memory.get(16, got);
    assertThat(new String(got, StandardCharsets.US_ASCII)).isEqualTo("\0\0bcd");
    assertFails(Errno.EINVAL, copy(from, to, 1));
  }

  @Test
  void aDirectoryIsListedInPieces() {
    for (int i = 0; i < 10; i++) {
      create("f" + i);
    }
    assertThat(body(Bytes.request(27, 1).int32(0).int32(0))).isEqualTo(16);
    long handle = memory.getLong(16);
    List<String> names = new ArrayList<>();
    long cookie = 0;
    int length = body(read(28, 1, handle, cookie, 100));
    while (length > 0) {
      assertThat(length).isLessThanOrEqualTo(100);
      for (int at = 16; at < 16 + length; ) {
        int nameLength = memory.getInt(at + 16);
        byte[] name = new byte[nameLength];
        memory.get(at + 24, name);
        names.add(new String(name, StandardCharsets.UTF_8));
        cookie = memory.getLong(at + 8);
        at += (24 + nameLength + 7) / 8 * 8;
      }
      length = body(read(28, 1, handle, cookie, 100));
    }
    assertThat(names).hasSize(12).startsWith(".", "..").doesNotHaveDuplicates();
  }

  @Test
  void attributesListedTooAreThoseThatNobodyHoldsTheLeaseOf() {
    assertThat(body(Bytes.request(9, 1).int32(0700).int32(0).text("d"))).isEqualTo(128);
    long directory = memory.getLong(16);
    create("f");
    assertThat(body(Bytes.request(27, 1).int32(0).int32(0))).isEqualTo(16);
    assertThat(body(read(44, 1, memory.getLong(16), 0, 4096))).isEqualTo(4 * (128 + 32));
    assertThat(memory.getLong(16)).as(".").isZero();
    assertThat(memory.getLong(16 + 160)).as("..").isZero();
    // Only d, in whatever order: f is leased.
    assertThat(List.of(memory.getLong(16 + 320), memory.getLong(16 + 480)))
        .containsExactlyInAnyOrder(directory, 0L);
  }

  @Test
  void pagesOfAMappingGoWhereTheySayThoughTheHandleAppends() {
    int append = 02000;
    Bytes create = Bytes.request(35, 1).int32(O_RDWR | append).int32(0100600).int32(0).int32(0);
    assertThat(body(create.text("f"))).isEqualTo(144);
    long node = memory.getLong(16);
    long handle = handle();
    assertThat(memory.getInt(16 + 128 + 8) & 1).as("direct I/O").isEqualTo(1);
    assertThat(body(write(node, handle, O_RDWR | append, 0, "abc"))).isEqualTo(8);
    assertThat(body(write(node, handle, O_RDWR | append, 0, "def"))).isEqualTo(8);
    Bytes pages = Bytes.request(16, node).int64(handle).int64(1).int32(2).int32(1);
    assertThat(body(pages.int64(0).int32(0).int32(0).data("XY"))).isEqualTo(8);
    assertThat(body(read(15, node, handle, 0, 100))).isEqualTo(6);
    byte[] got = new byte[6];
    memory.get(16, got);
    assertThat(new String(got, StandardCharsets.US_ASCII)).isEqualTo("aXYdef");
  }

  @Test
  void aWriteAppendsIfTheDescriptorDoesSoByNow() {
    int append = 02000;
    long node = create("f");
    long opened = handle();
    assertThat(body(write(node, opened, 0, "abc"))).isEqualTo(8);
    // Set with fcntl: the kernel's offset may be from before another mount appended.
    assertThat(body(write(node, opened, O_RDWR | append, 1, "def"))).isEqualTo(8);
    Bytes open = Bytes.request(14, node).int32(O_RDWR | append).int32(0);
    assertThat(body(open)).isEqualTo(16);
    long appending = memory.getLong(16);
    // Taken away with fcntl.
    assertThat(body(write(node, appending, 1, "XY"))).isEqualTo(8);
    assertThat(body(read(15, node, opened, 0, 100))).isEqualTo(6);
    byte[] got = new byte[6];
    memory.get(16, got);
    assertThat(new String(got, StandardCharsets.US_ASCII)).isEqualTo("aXYdef");
  }

  @Test
  void aWriteThatAsksForItIsStableWhenItIsAnswered() {
    int dataSync = 010000;
    long node = create("f");
    long handle = handle();
    assertThat(body(write(node, handle, 0, "abc"))).isEqualTo(8);
    assertThat(vfs.memory().dirtyBytes()).isPositive();
    assertThat(body(write(node, handle, O_RDWR | dataSync, 3, "def"))).isEqualTo(8);
    assertThat(vfs.memory().dirtyBytes()).isZero();
  }

  @Test
  void extendedAttributes() {
    long node = create("f");
    Bytes set = Bytes.request(21, node).int32(3).int32(0).text("user.a").data("xyz");
    assertThat(body(set)).isZero();
    assertThat(body(Bytes.request(22, node).int32(0).int32(0).text("user.a"))).isEqualTo(8);
    assertThat(memory.getInt(16)).isEqualTo(3);
    assertThat(body(Bytes.request(22, node).int32(3).int32(0).text("user.a"))).isEqualTo(3);
    assertFails(Errno.ERANGE, Bytes.request(22, node).int32(2).int32(0).text("user.a"));
    assertThat(body(Bytes.request(23, node).int32(100).int32(0))).isEqualTo(7);
    assertFails(
        Errno.EOPNOTSUPP,
        Bytes.request(22, node).int32(0).int32(0).text("system.posix_acl_access"));
    assertThat(body(Bytes.request(22, 1).int32(9).int32(0).text("user.pando.state"))).isEqualTo(2);
  }

  @Test
  void holesAndData() {
    long node = create("f");
    long handle = handle();
    assertThat(body(write(node, handle, 1 << 20, "data"))).isEqualTo(8);
    Bytes data = Bytes.request(46, node).int64(handle).int64(5).int32(3).int32(0);
    assertThat(body(data)).isEqualTo(8);
    assertThat(memory.getLong(16)).isEqualTo(1 << 20);
    Bytes hole = Bytes.request(46, node).int64(handle).int64((1 << 20) + 1).int32(4).int32(0);
    assertThat(body(hole)).isEqualTo(8);
    assertThat(memory.getLong(16)).isEqualTo((1 << 20) + 4);
    assertFails(
        Errno.ENXIO, Bytes.request(46, node).int64(handle).int64((1 << 20) + 4).int32(3).int32(0));
  }

  @Test
  void whatIsNotThere() {
    assertFails(Errno.ENOSYS, Bytes.request(39, 1).int64(0).int64(0).int64(0).int64(0));
    assertFails(Errno.ENOSYS, Bytes.request(40, 1).int64(0).int64(0).int64(0));
    assertFails(Errno.ENOSYS, Bytes.request(37, 1).int64(0).int64(0));
    assertFails(Errno.ENOSYS, Bytes.request(34, 1).int64(0));
    assertFails(Errno.ENOSYS, Bytes.request(4711, 1));
  }

  @Test
  void forgettingAndInterruptsAreNotAnswered() {
    create("f");
    assertThat(serve(Bytes.request(2, 2).int64(1).decoded())).isEqualTo(Dispatcher.UNANSWERED);
    Bytes batch = Bytes.request(42, 0).int32(2).int32(0).int64(5).int64(1).int64(6).int64(1);
    assertThat(serve(batch.decoded())).isEqualTo(Dispatcher.UNANSWERED);
    assertThat(serve(Bytes.request(36, 0).int64(77).decoded())).isEqualTo(Dispatcher.UNANSWERED);
    assertThat(interrupted).containsExactly(77L);
    assertFails(Errno.EAGAIN, Bytes.request(36, 0).int64(99));
    Bytes tooFew = Bytes.request(42, 0).int32(2).int32(0).int64(5).int64(1);
    assertThat(serve(tooFew.decoded())).isEqualTo(Dispatcher.UNANSWERED);
  }

  @Test
  void whoMountsLearnsWhyTheKernelsOfferWasRefused() {
    Bytes init = Bytes.request(26, 0).int32(8).int32(0).int32(131072).int32(0);
    assertFails(Errno.EIO, init);
    assertThat(initialised).isCompletedExceptionally();
    assertThatThrownBy(initialised::get)
        .isInstanceOfSatisfying(
            ExecutionException.class,
            e -> assertThat(DirectTransport.reason(e)).isEqualTo("the kernel speaks FUSE 8.0"));
    assertThat(DirectTransport.reason(new TimeoutException()))
        .isEqualTo("the kernel did not answer within 20 s");
  }

  /** One good request of each kind; the file of {@link #create} is node {@code node}. */
  private List<Bytes> requests(long node, long handle) {
    List<Bytes> all = new ArrayList<>();
    all.add(Bytes.request(1, 1).text("f"));
    all.add(Bytes.request(2, 1).int64(1));
    all.add(Bytes.request(4, node).int32(1).int32(0).data("\0".repeat(80)));
    all.add(Bytes.request(6, 1).text("link" + handle).text("target"));
    all.add(Bytes.request(8, 1).int32(0010600).int32(0).int32(0).int32(0).text("n" + handle));
    all.add(Bytes.request(9, 1).int32(0700).int32(0).text("d" + handle));
    all.add(Bytes.request(10, 1).text("nothing"));
    all.add(Bytes.request(11, 1).text("nothing"));
    all.add(Bytes.request(12, 1).int64(1).text("nothing").text("other"));
    all.add(Bytes.request(13, 1).int64(node).text("l" + handle));
    all.add(Bytes.request(14, node).int32(0).int32(0));
    all.add(read(15, node, handle, 0, 100));
    all.add(write(node, handle, 0, "data"));
    all.add(Bytes.request(20, node).int64(handle).int64(0));
    all.add(Bytes.request(21, node).int32(1).int32(0).text("user.x").data("v"));
    all.add(Bytes.request(22, node).int32(9).int32(0).text("user.x"));
    all.add(Bytes.request(23, node).int32(9).int32(0));
    all.add(Bytes.request(24, node).text("user.x"));
    all.add(Bytes.request(25, node).int64(handle).int64(0).int64(0));
    all.add(lock(31, node, handle, 1, 0, 0));
    all.add(lock(32, node, handle, 1, 0, 1));
    all.add(lock(33, node, handle, 1, 2, 0));
    all.add(Bytes.request(26, 0).int32(7).int32(45).int32(0).int32(1 << 30).int32(0));
    all.add(read(28, 1, handle, 0, 100));
    all.add(read(44, 1, handle, 0, 500));
    all.add(Bytes.request(35, 1).int32(O_RDWR).int32(0600).int32(0).int32(0).text("c" + handle));
    all.add(Bytes.request(36, 0).int64(5));
    all.add(Bytes.request(42, 0).int32(1).int32(0).int64(5).int64(1));
    all.add(Bytes.request(43, node).int64(handle).int64(0).int64(5).int32(0).int32(0));
    all.add(Bytes.request(45, 1).int64(1).int32(0).int32(0).text("nothing").text("other"));
    all.add(Bytes.request(46, node).int64(handle).int64(0).int32(4).int32(0));
    return all;
  }

  /** Fields at the end that nobody looks at, so that their absence is not noticed. */
  private static int unread(int opcode) {
    return switch (opcode) {
      case 14, 22, 23, 46 -> 4;
      case 20, 25 -> 8;
      case 15, 28, 44 -> 20;
      default -> 0;
    };
  }

  @Test
  void aRequestThatIsCutShortIsRefusedWhereverItIsCut() throws Exception {
    long node = create("f");
    long handle = handle();
    for (Bytes request : requests(node, handle)) {
      int opcode = request.decoded().opcode();
      int whole = request.length();
      for (int length = 40; length < whole - unread(opcode); length++) {
        Request cut = request.decoded(length);
        assertThatThrownBy(() -> dispatcher.perform(cut, out, calls))
            .as("opcode %d with %d of %d bytes", opcode, length, whole)
            .isInstanceOf(MalformedRequestException.class);
      }
    }
  }

  /** Bits, bytes and whole fields of good requests are changed; nothing but a refusal may come. */
  @Test
  void noRequestDoesMoreHarmThanToBeRefused() {
    long node = create("f");
    long handle = handle();
    Random random = new Random(7);
    ByteBuffer input = ByteBuffer.allocateDirect(LARGEST).order(ByteOrder.nativeOrder());
    Request in = new Request(input);
    for (int round = 0; round < 400; round++) {
      for (Bytes request : requests(node, handle)) {
        byte[] raw = request.raw();
        int length = damage(raw, random);
        input.put(0, raw).putInt(0, length);
        judge(in, length);
      }
    }
    create("still-there");
  }

  private static int damage(byte[] raw, Random random) {
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = 4 + random.nextInt(raw.length - 4);
      switch (random.nextInt(4)) {
        case 0 -> raw[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> raw[at] = (byte) random.nextInt(256);
        case 2 -> raw[at] = (byte) -1;
        default -> {
          for (int j = at; j < Math.min(raw.length, at + 8); j++) {
            raw[j] = (byte) (random.nextBoolean() ? -1 : 0);
          }
        }
      }
    }
    return random.nextInt(4) == 0 ? random.nextInt(raw.length + 1) : raw.length;
  }

  private void judge(Request in, int length) {
    try {
      in.wrap(length);
      int outcome = dispatcher.perform(in, out, calls);
      assertThat(outcome).isIn(0, Dispatcher.UNANSWERED);
      assertThat(out.finish(1, 0)).isBetween(16, LARGEST);
    } catch (MalformedRequestException | ErrnoException e) {
      assertThat(e).isNotNull();
    }
  }

  /** struct fuse_lk_in of the whole file. */
  private static Bytes lock(int opcode, long node, long handle, long owner, int type, int flags) {
    Bytes request = Bytes.request(opcode, node).int64(handle).int64(owner);
    return request.int64(0).int64(Long.MAX_VALUE).int32(type).int32(77).int32(flags).int32(0);
  }

  @Test
  void locksAreTakenToldWaitedForAndGivenUp() throws Exception {
    long node = create("f");
    long handle = handle();
    for (int kind = 0; kind <= 1; kind++) {
      assertThat(body(lock(32, node, handle, 5, 1, kind))).isZero();
      assertFails(Errno.EAGAIN, lock(32, node, handle, 6, 0, kind));
      assertThat(serve(lock(33, node, handle, 6, 0, kind).decoded()))
          .isEqualTo(Dispatcher.UNANSWERED);
      LockOperations.Asked asked = waiting.get(kind);
      assertThat(asked.done()).isNotDone();
      assertThat(body(lock(32, node, handle, 5, 2, kind))).isZero();
      asked.done().get(20, TimeUnit.SECONDS);
    }
    assertThat(body(lock(31, node, handle, 9, 1, 0))).isEqualTo(24);
    assertThat(memory.getLong(16)).isZero();
    assertThat(memory.getLong(24)).isEqualTo(Long.MAX_VALUE);
    assertThat(memory.getInt(32)).isZero();
    assertThat(memory.getInt(36)).isEqualTo(77);
    // The process with owner 6 closes: what it has of fcntl goes, of flock stays.
    assertThat(body(Bytes.request(25, node).int64(handle).int64(0).int64(6))).isZero();
    assertThat(body(lock(31, node, handle, 9, 1, 0))).isEqualTo(24);
    assertThat(memory.getInt(32)).isEqualTo(2);
    assertFails(Errno.EAGAIN, lock(32, node, handle, 9, 1, 1));
    assertThat(body(Bytes.request(18, node).int64(handle).int64(0).int64(0))).isZero();
    Vfs other = volume.mount();
    long there = other.files().open(Volume.USER, new InodeId(node), O_RDWR).handle();
    LockOperations.Wanted all =
        new LockOperations.Wanted(
            FileLock.Kind.FLOCK, 1, 0, Long.MAX_VALUE, FileLock.Type.EXCLUSIVE, 1);
    other.locks().set(Volume.USER, there, all, false).done().get(20, TimeUnit.SECONDS);
  }

  @Test
  void badLocksAreRefused() {
    long node = create("f");
    long handle = handle();
    assertFails(Errno.EIO, lock(32, node, handle, 5, 7, 0));
    assertFails(Errno.EBADF, lock(32, node, 4711, 5, 1, 0));
    Bytes backwards = Bytes.request(32, node).int64(handle).int64(5).int64(9).int64(8);
    assertFails(Errno.EIO, backwards.int32(1).int32(77).int32(0).int32(0));
    assertFails(Errno.EIO, Bytes.request(32, node).int64(handle).int64(5));
  }
}
