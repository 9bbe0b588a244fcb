package io.pandofs.meta.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.BlockId;
import io.pandofs.common.Compression;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.meta.Acl;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileType;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.Standing;
import io.pandofs.meta.StoragePolicy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LogCodecTest {
  private static final InodeId I = new InodeId(Long.MAX_VALUE);

  /** A user's rights beside those of the mode; see linux/posix_acl_xattr.h. */
  private static final byte[] LIST =
      HexFormat.of()
          .parseHex(
              "02000000"
                  + "01000600ffffffff"
                  + "0200040005000000"
                  + "04000400ffffffff"
                  + "10000600ffffffff"
                  + "20000000ffffffff");

  private static final FileName N = FileName.ofText("näme");
  private static final Timestamp T = new Timestamp(-5, 999_999_999);

  private static Acl list() {
    try {
      return Acl.of(LIST);
    } catch (ErrnoException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Operation> operations() {
    return List.of(
        new Operation.Create(I, N, I, FileType.BLOCK_DEVICE, 07777, -1, null, true),
        new Operation.Link(I, I, N),
        new Operation.Unlink(I, N),
        new Operation.RemoveDirectory(I, N),
        new Operation.Rename(I, N, InodeId.ROOT, N, 2),
        new Operation.SetAttributes(I, 07777, -1, -2, Long.MAX_VALUE, T, T),
        new Operation.SetAttributes(I, 0, 0, 0, 0L, Timestamp.EPOCH, null),
        new Operation.SetAttributes(I, null, null, null, null, null, null),
        new Operation.Write(
            I,
            List.of(new Extent(Long.MAX_VALUE - 9, 9, new BlockId(300), 7)),
            List.of(
                new NewBlock(
                    new BlockId(300), 1 << 22, -7, 3, List.of(new NodeId(1), new NodeId(2))))),
        new Operation.MoveInline(
            List.of(new NewBlock(new BlockId(300), 3, -7, 1, List.of(new NodeId(1))))),
        new Operation.Relocate(
            I,
            List.of(new Extent(7, 9, new BlockId(300), 0), new Extent(16, 1, new BlockId(5), 1)),
            List.of(new Extent(7, 10, new BlockId(301), 3)),
            List.of(new NewBlock(new BlockId(301), 13, -7, 3, List.of(new NodeId(1))))),
        new Operation.Allocate(I, 3, -1, Long.MIN_VALUE),
        new Operation.Create(
            I, N, I, FileType.REGULAR, new CreateMode(0, 0777), 0, null, false, true),
        new Operation.SetAcl(I, Acl.Kind.DEFAULT, null, false),
        new Operation.SetAcl(I, Acl.Kind.ACCESS, list(), true),
        new Operation.CreateUnnamed(I, InodeId.ROOT, CreateMode.of(07777), true, false),
        new Operation.CreateUnnamed(I, InodeId.ROOT, new CreateMode(0, 027), false, true),
        new Operation.CopyRange(I, 7, InodeId.ROOT, -1, Long.MAX_VALUE),
        new Operation.AcquireLease(I),
        new Operation.ReleaseLeases(List.of(I, InodeId.ROOT)),
        new Operation.Accessed(I, T),
        new Operation.SetLock(
            I, FileLock.Kind.POSIX, -7, 5, Long.MAX_VALUE, FileLock.Type.SHARED, 12, 9),
        new Operation.SetLock(
            I, FileLock.Kind.FLOCK, 8, 0, Long.MAX_VALUE, FileLock.Type.EXCLUSIVE, -1, 0),
        new Operation.SetLock(I, FileLock.Kind.POSIX, 8, 3, 3, null, 0, 0),
        new Operation.CancelLock(I, FileLock.Kind.FLOCK, 4),
        new Operation.ReserveNumbers(Operation.NumberKind.INODE, 5),
        new Operation.ReserveNumbers(Operation.NumberKind.BLOCK_SERIAL, -5));
  }

  private static List<LogEntry> entries() {
    List<Request> requests =
        operations().stream().map(o -> new Request(o, new Caller(-1, -2), T)).toList();
    return List.of(
        new LogEntry.Format(9, new Caller(-2, 1000), T),
        new LogEntry.Batch(new SessionId(3), 1, 0, requests),
        new LogEntry.Batch(
            new SessionId(3),
            1,
            0,
            List.of(
                requests.get(1).with(Standing.AHEAD),
                requests.get(2).with(new Standing.Beside(Set.of())),
                requests.get(3).with(new Standing.Beside(Set.of(I, InodeId.ROOT))))),
        new LogEntry.Batch(new SessionId(3), Long.MAX_VALUE, 7, List.of()),
        new LogEntry.RegisterSession(new NodeId(4), T),
        new LogEntry.ExpireSession(new SessionId(5)),
        new LogEntry.RegisterNode(0, "n", "[::1]:7440", "h:1", "h:2"),
        new LogEntry.RemoveNode(new NodeId(6)),
        new LogEntry.DrainNode(new NodeId(6), true),
        new LogEntry.OutNode(new NodeId(6), true),
        new LogEntry.SetCapacity(new NodeId(3), 1L << 50),
        new LogEntry.SetStoragePolicy(StoragePolicy.DEFAULT),
        new LogEntry.SetStoragePolicy(
            new StoragePolicy(7, StoragePolicy.WriteQuorum.ALL, Compression.ZSTD)),
        new LogEntry.OutNode(new NodeId(7), false),
        new LogEntry.PlaceNode(new NodeId(6)),
        new LogEntry.Reap(List.of(I, InodeId.ROOT), 77),
        new LogEntry.CreateToken(8, Fingerprint.of(new byte[] {1}), 3, T, T),
        new LogEntry.RevokeToken(8),
        new LogEntry.ReplaceNode(
            new NodeId(3),
            Fingerprint.of(new byte[] {5}),
            new LogEntry.RegisterNode(0, "n", "c:1", "r:2", "b:3")),
        new LogEntry.AdmitNode(
            8,
            Fingerprint.of(new byte[] {1}),
            Fingerprint.of(new byte[] {2}),
            T,
            new LogEntry.RegisterNode(0, "n", "[::1]:7440", "h:1", "h:2")),
        new LogEntry.HashTables());
  }

  private static LogReply reply() {
    Attributes attributes =
        new Attributes(I, FileType.SOCKET, 0644, -1, -2, 3, 4, 5, -6, T, T, T, T);
    return new LogReply(
        LogReply.Status.OK,
        List.of(Reply.of(attributes), Reply.failed(Errno.ESTALE), new Reply(Errno.OK, null, 8)),
        11);
  }

  @Test
  void everythingComesBackAsItWent() throws Exception {
    for (LogEntry entry : entries()) {
      assertThat(LogCodec.decodeEntry(ByteBuffer.wrap(LogCodec.encode(entry)))).isEqualTo(entry);
    }
    assertThat(LogCodec.decodeReply(ByteBuffer.wrap(LogCodec.encode(reply())))).isEqualTo(reply());
    for (LogReply.Status status : LogReply.Status.values()) {
      LogReply refused = LogReply.refused(status);
      assertThat(LogCodec.decodeReply(ByteBuffer.wrap(LogCodec.encode(refused))))
          .isEqualTo(refused);
    }
  }

  @Test
  void bytesWithinOperationsComeBackToo() throws Exception {
    byte[] bytes = {0, -1, 'x'};
    List<Request> requests = new ArrayList<>();
    for (Operation operation :
        List.of(
            new Operation.Create(I, N, I, FileType.SYMLINK, 0777, 0, bytes, false),
            new Operation.SetXattr(I, bytes, bytes, 1),
            new Operation.RemoveXattr(I, bytes),
            new Operation.Write(
                I,
                List.of(new Extent(0, 3, new BlockId(300), 0)),
                List.of(),
                List.of(new InlineBlock(new BlockId(300), bytes, -7))))) {
      requests.add(new Request(operation, Caller.ROOT, T));
    }
    LogEntry.Batch batch = new LogEntry.Batch(new SessionId(1), 1, 0, requests);
    LogEntry.Batch back =
        (LogEntry.Batch) LogCodec.decodeEntry(ByteBuffer.wrap(LogCodec.encode(batch)));
    assertThat(back).usingRecursiveComparison().isEqualTo(batch);
  }

  @Test
  void aBufferIsReadFromItsPositionAndLeftThere() throws Exception {
    byte[] encoded = LogCodec.encode(new LogEntry.RemoveNode(new NodeId(6)));
    ByteBuffer buffer = ByteBuffer.allocateDirect(encoded.length + 4);
    buffer.position(2).put(encoded).flip().position(2);
    assertThat(LogCodec.decodeEntry(buffer)).isEqualTo(new LogEntry.RemoveNode(new NodeId(6)));
    assertThat(buffer.position()).isEqualTo(2);
  }

  @Test
  void malformedBytesAreOneException() throws Exception {
    long seed = 77;
    Random random = new Random(seed);
    List<byte[]> good = new ArrayList<>();
    entries().forEach(entry -> good.add(LogCodec.encode(entry)));
    good.add(LogCodec.encode(reply()));
    int malformed = 0;
    for (int i = 0; i < 60_000; i++) {
      byte[] bytes = good.get(random.nextInt(good.size())).clone();
      if (random.nextInt(4) == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 3));
      }
      for (int j = random.nextInt(4); j >= 0 && bytes.length > 0; j--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      malformed += decode(bytes, seed, i);
    }
    assertThat(malformed).isGreaterThan(10_000);
  }

  private static int decode(byte[] bytes, long seed, int step) {
    int malformed = 0;
    try {
      LogCodec.encode(LogCodec.decodeEntry(ByteBuffer.wrap(bytes)));
    } catch (MalformedException e) {
      malformed++;
    } catch (RuntimeException e) {
      throw new AssertionError("seed " + seed + " step " + step + Arrays.toString(bytes), e);
    }
    try {
      LogCodec.encode(LogCodec.decodeReply(ByteBuffer.wrap(bytes)));
    } catch (MalformedException e) {
      malformed++;
    } catch (RuntimeException e) {
      throw new AssertionError("seed " + seed + " step " + step + Arrays.toString(bytes), e);
    }
    return malformed;
  }

  @Test
  void anUnknownVersionIsRefused() {
    byte[] encoded = LogCodec.encode(new LogEntry.HashTables());
    encoded[1] = 2;
    assertThatThrownBy(() -> LogCodec.decodeEntry(ByteBuffer.wrap(encoded)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("version");
  }

  @Test
  void everyPolicyAndEveryChangeOfOneComesThrough() throws MalformedException {
    for (StoragePolicy.WriteQuorum quorum : StoragePolicy.WriteQuorum.values()) {
      for (Compression compression : Compression.values()) {
        StoragePolicy policy = new StoragePolicy(2, quorum, compression);
        assertThat(PolicyCodec.decode(PolicyCodec.encode(policy))).isEqualTo(policy);
        StoragePolicy now = StoragePolicy.DEFAULT;
        assertThat(PolicyCodec.changed(now, PolicyCodec.changes(0, quorum, null)))
            .isEqualTo(new StoragePolicy(now.copies(), quorum, now.compression()));
        assertThat(PolicyCodec.changed(policy, PolicyCodec.changes(7, null, null)))
            .isEqualTo(new StoragePolicy(7, quorum, compression));
      }
    }
    assertThatThrownBy(() -> PolicyCodec.decode(PolicyCodec.changes(3, null, Compression.LZ4)))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(
            () -> PolicyCodec.changed(StoragePolicy.DEFAULT, PolicyCodec.changes(8, null, null)))
        .isInstanceOf(MalformedException.class);
  }
}
