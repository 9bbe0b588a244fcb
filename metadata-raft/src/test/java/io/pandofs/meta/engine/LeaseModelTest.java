package io.pandofs.meta.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileType;
import io.pandofs.meta.ForeignLeaseException;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.log.LogEntry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Leases in the engine against a map of who holds what: an operation that touches an inode is
 * refused exactly when a lease of another live session covers it, and then changes nothing; and a
 * session's view shows exactly what no such lease covers.
 */
class LeaseModelTest {
  private static final int STEPS = 3000;
  private static final int DIRECTORIES = 2;
  private static final int NAMES = 4;

  private final EngineRig rig = new EngineRig();
  private final List<Mount> mounts = new ArrayList<>();
  private final List<InodeId> directories = new ArrayList<>();
  private final Map<Name, InodeId> names = new HashMap<>();

  /** Leases of inodes themselves. */
  private final Map<InodeId, SessionId> own = new HashMap<>();

  /** The directory of a file's one name, as far as that is known. */
  private final Map<InodeId, InodeId> home = new HashMap<>();

  private record Name(InodeId directory, FileName name) {}

  /** A session with its numbers. */
  private final class Mount {
    SessionId id;
    long sequence;
    long inode;
    long serial;

    Mount() {
      register();
    }

    final void register() {
      LogEntry entry = new LogEntry.RegisterSession(rig.node, EngineRig.NOW);
      id = new SessionId(rig.apply(entry).number());
      sequence = 0;
      inode = submit(new Operation.ReserveNumbers(NumberKind.INODE, 1 << 16)).number();
      serial = submit(new Operation.ReserveNumbers(NumberKind.BLOCK_SERIAL, 1 << 16)).number();
    }

    Reply submit(Operation operation) {
      Request request = new Request(operation, Caller.ROOT, EngineRig.NOW);
      return rig.apply(new LogEntry.Batch(id, ++sequence, sequence - 1, List.of(request)))
          .replies()
          .get(0);
    }

    Operation.Write write(InodeId file) {
      BlockId block = BlockId.ofSerial(serial++);
      return new Operation.Write(
          file,
          List.of(new Extent(0, 3, block, 0)),
          List.of(new NewBlock(block, 3, 5, 1, List.of(rig.node))));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void whatALeaseCoversIsItsHoldersAlone(long seed) throws Exception {
    Random random = new Random(seed);
    for (int i = 0; i < 3; i++) {
      mounts.add(new Mount());
    }
    for (int i = 0; i < DIRECTORIES; i++) {
      directories.add(rig.directory("d" + i));
    }
    int refused = 0;
    for (int step = 0; step < STEPS; step++) {
      refused += step(random) ? 1 : 0;
      check(mounts.get(random.nextInt(mounts.size())));
    }
    assertThat(refused).isGreaterThan(STEPS / 20).isLessThan(STEPS * 19 / 20);
    assertThat(TableCheck.of(rig.store).examples()).isEmpty();
  }

  /** Who holds what covers an inode. */
  private @Nullable SessionId holder(InodeId inode) {
    SessionId holder = own.get(inode);
    InodeId directory = home.get(inode);
    return holder != null || directory == null ? holder : own.get(directory);
  }

  private boolean isForeign(InodeId inode, Mount mount) {
    SessionId holder = holder(inode);
    return holder != null && !holder.equals(mount.id);
  }

  /** What is leased itself, of what covers an inode. */
  private @Nullable InodeId leased(InodeId inode) {
    return own.containsKey(inode) ? inode : home.get(inode);
  }

  private List<InodeId> inodes() {
    return Stream.concat(directories.stream(), names.values().stream()).distinct().toList();
  }

  private void check(Mount viewer) throws Exception {
    for (InodeId inode : inodes()) {
      assertThat(rig.attributes(inode).holder()).isEqualTo(holder(inode));
    }
    TableView view = TableView.of(viewer.id, rig.store, rig.index(), () -> {});
    for (InodeId inode : inodes()) {
      checkLook(viewer, inode, () -> view.attributes(inode));
      checkLook(viewer, inode, () -> view.xattrNames(inode));
      checkLook(viewer, inode, () -> view.extents(inode, 0, 10));
    }
    for (InodeId directory : directories) {
      checkLook(viewer, directory, () -> view.readDirectory(directory, 0, 100));
      assertThat(view.parent(directory)).isEqualTo(InodeId.ROOT);
    }
    for (Map.Entry<Name, InodeId> named : names.entrySet()) {
      Name name = named.getKey();
      InodeId seen = isForeign(name.directory, viewer) ? name.directory : named.getValue();
      checkLook(viewer, seen, () -> view.lookup(name.directory, name.name));
    }
  }

  private void checkLook(Mount viewer, InodeId inode, Callable<Object> look) throws Exception {
    try {
      Object unused = look.call();
      assertThat(isForeign(inode, viewer)).isFalse();
    } catch (ForeignLeaseException e) {
      assertThat(isForeign(inode, viewer)).isTrue();
      assertThat(e.holder()).isEqualTo(holder(inode));
      assertThat(e.inode()).isEqualTo(leased(inode));
    }
  }

  /** Whether something was refused. */
  private boolean step(Random random) throws Exception {
    Mount mount = mounts.get(random.nextInt(mounts.size()));
    if (random.nextInt(40) == 0) {
      rig.apply(new LogEntry.ExpireSession(mount.id));
      own.values().removeIf(mount.id::equals);
      mount.register();
      return false;
    }
    Name name = name(random);
    InodeId inode = names.get(name);
    if (inode == null) {
      return create(mount, name, random.nextBoolean());
    }
    InodeId either = random.nextInt(3) == 0 ? name.directory : inode;
    if (random.nextInt(4) == 0) {
      release(mount, either);
      return false;
    }
    return change(mount, name, inode, either, random);
  }

  private boolean create(Mount mount, Name name, boolean leased) {
    InodeId inode = new InodeId(mount.inode++);
    Operation create =
        new Operation.Create(
            name.directory,
            name.name,
            inode,
            FileType.REGULAR,
            CreateMode.of(0644),
            0,
            null,
            true,
            leased);
    if (isRefused(mount, create, List.of(name.directory))) {
      return true;
    }
    names.put(name, inode);
    home.put(inode, name.directory);
    if (leased) {
      own.put(inode, mount.id);
    }
    return false;
  }

  private void release(Mount mount, InodeId inode) {
    List<InodeId> both = List.of(inode, new InodeId(Long.MAX_VALUE));
    assertThat(mount.submit(new Operation.ReleaseLeases(both)).errno()).isEqualTo(Errno.OK);
    own.remove(inode, mount.id);
  }

  /** Submits; the tables are as before if any of what it touches is another's. */
  private boolean isRefused(Mount mount, Operation operation, List<InodeId> touched) {
    List<Attributes> before = attributesOf(touched);
    Reply reply = mount.submit(operation);
    List<InodeId> foreign = touched.stream().filter(inode -> isForeign(inode, mount)).toList();
    if (foreign.isEmpty()) {
      assertThat(reply.errno()).isEqualTo(Errno.OK);
      return false;
    }
    assertThat(reply.errno()).isEqualTo(Errno.LEASED);
    InodeId leased = reply.attributes().inode();
    assertThat(foreign.stream().map(this::leased)).contains(leased);
    assertThat(new SessionId(reply.number())).isEqualTo(own.get(leased));
    assertThat(attributesOf(touched)).isEqualTo(before);
    return true;
  }

  private List<Attributes> attributesOf(List<InodeId> inodes) {
    return inodes.stream()
        .map(
            inode -> {
              try {
                return rig.attributes(inode);
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            })
        .toList();
  }

  private long tick = 1;

  private boolean change(Mount mount, Name name, InodeId inode, InodeId either, Random random)
      throws Exception {
    return switch (random.nextInt(8)) {
      case 0, 1 -> {
        boolean refused = isRefused(mount, new Operation.AcquireLease(either), List.of(either));
        if (!refused) {
          own.put(either, mount.id);
        }
        yield refused;
      }
      case 2 -> isRefused(mount, mount.write(inode), List.of(inode));
      case 3 -> isRefused(mount, attributes(either), List.of(either));
      case 4 ->
          random.nextBoolean()
              ? isRefused(mount, new Operation.Allocate(inode, 0, 0, 10), List.of(inode))
              : isRefused(
                  mount,
                  new Operation.SetXattr(either, "user.a".getBytes(US_ASCII), new byte[1], 0),
                  List.of(either));
      case 5 -> random.nextBoolean() ? unlink(mount, name) : link(mount, inode, name(random));
      case 6 -> rename(mount, name, name(random), random.nextBoolean());
      default -> {
        Timestamp before = rig.attributes(either).accessed();
        Timestamp read = new Timestamp(1_900_000_000L + tick++, 0);
        assertThat(mount.submit(new Operation.Accessed(either, read)).errno()).isEqualTo(Errno.OK);
        boolean foreign = isForeign(either, mount);
        assertThat(rig.attributes(either).accessed()).isEqualTo(foreign ? before : read);
        yield foreign;
      }
    };
  }

  private static Operation attributes(InodeId inode) {
    return new Operation.SetAttributes(inode, 0700, null, null, null, null, null);
  }

  private boolean unlink(Mount mount, Name name) {
    InodeId inode = names.get(name);
    Operation unlink = new Operation.Unlink(name.directory, name.name);
    if (isRefused(mount, unlink, List.of(name.directory, inode))) {
      return true;
    }
    home.remove(inode);
    names.remove(name);
    return false;
  }

  private boolean link(Mount mount, InodeId inode, Name name) {
    if (names.containsKey(name)) {
      return false;
    }
    Operation link = new Operation.Link(inode, name.directory, name.name);
    if (isRefused(mount, link, List.of(name.directory, inode))) {
      return true;
    }
    home.remove(inode);
    names.put(name, inode);
    return false;
  }

  private boolean rename(Mount mount, Name from, Name to, boolean exchange) {
    InodeId moved = names.get(from);
    InodeId other = names.get(to);
    List<InodeId> touched = new ArrayList<>(List.of(from.directory, to.directory, moved));
    if (other != null) {
      touched.add(other);
    }
    int flags = exchange && other != null ? Operation.RENAME_EXCHANGE : 0;
    Operation rename =
        new Operation.Rename(from.directory, from.name, to.directory, to.name, flags);
    if (isRefused(mount, rename, touched)) {
      return true;
    }
    if (moved.equals(other)) {
      return false;
    }
    names.remove(from);
    names.put(to, moved);
    if (flags != 0) {
      names.put(from, other);
      moves(other, from.directory);
    } else if (other != null) {
      home.remove(other);
    }
    moves(moved, to.directory);
    return false;
  }

  private void moves(InodeId file, InodeId to) {
    home.remove(file);
    if (Collections.frequency(names.values(), file) == 1) {
      home.put(file, to);
    }
  }

  private Name name(Random random) {
    InodeId directory = directories.get(random.nextInt(DIRECTORIES));
    return new Name(directory, EngineRig.name("f" + random.nextInt(NAMES)));
  }

  @Test
  void onlyFilesAndDirectoriesHaveLeases() {
    InodeId fifo = rig.create(InodeId.ROOT, "p", FileType.FIFO).inode();
    assertThat(rig.errno(new Operation.AcquireLease(fifo))).isEqualTo(Errno.EINVAL);
    assertThat(rig.errno(new Operation.AcquireLease(new InodeId(999)))).isEqualTo(Errno.ESTALE);
    assertThat(rig.errno(born(FileType.FIFO, "q"))).isEqualTo(Errno.EINVAL);
    assertThat(rig.errno(born(FileType.DIRECTORY, "d"))).isEqualTo(Errno.OK);
  }

  private Operation born(FileType type, String name) {
    return new Operation.Create(
        InodeId.ROOT,
        EngineRig.name(name),
        rig.nextInode(),
        type,
        CreateMode.of(0755),
        0,
        null,
        true,
        true);
  }

  /** Whoever moves a directory looks at those above, which somebody may have leased. */
  @Test
  void aLeaseAboveDoesNotStandInTheWayOfAMove() {
    InodeId top = rig.directory("top");
    InodeId middle = rig.create(top, "middle", FileType.DIRECTORY).inode();
    InodeId low = rig.create(middle, "low", FileType.DIRECTORY).inode();
    rig.directory("moved");
    Mount holder = new Mount();
    assertThat(holder.submit(new Operation.AcquireLease(top)).errno()).isEqualTo(Errno.OK);
    FileName name = EngineRig.name("moved");
    assertThat(rig.errno(new Operation.Rename(InodeId.ROOT, name, low, name, 0)))
        .isEqualTo(Errno.OK);
    assertThat(rig.errno(new Operation.Rename(middle, EngineRig.name("low"), low, name, 0)))
        .isEqualTo(Errno.EINVAL);
  }
}
