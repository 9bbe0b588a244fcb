package io.pandofs.meta.engine;

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
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.log.LogEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Leases in the engine against a map of who holds what: an operation that would change an inode is
 * refused exactly when another live session holds it, and then changes nothing.
 */
class LeaseModelTest {
  private static final int STEPS = 3000;
  private static final int NAMES = 5;

  private final EngineRig rig = new EngineRig();
  private final List<Mount> mounts = new ArrayList<>();
  private final Map<InodeId, SessionId> holders = new HashMap<>();

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
  void onlyTheHolderChangesALeasedInode(long seed) throws Exception {
    Random random = new Random(seed);
    for (int i = 0; i < 3; i++) {
      mounts.add(new Mount());
    }
    int refused = 0;
    for (int step = 0; step < STEPS; step++) {
      refused += step(random) ? 1 : 0;
    }
    assertThat(refused).isGreaterThan(STEPS / 20);
  }

  private boolean step(Random random) throws Exception {
    Mount mount = mounts.get(random.nextInt(mounts.size()));
    FileName name = name(random);
    Attributes found = find(name);
    if (random.nextInt(40) == 0) {
      rig.apply(new LogEntry.ExpireSession(mount.id));
      holders.values().removeIf(mount.id::equals);
      mount.register();
      return false;
    }
    if (found == null) {
      create(mount, name, random.nextBoolean());
      return false;
    }
    assertThat(found.holder()).isEqualTo(holders.get(found.inode()));
    if (random.nextInt(4) == 0) {
      release(mount, found.inode());
      return false;
    }
    return change(mount, name, found, random);
  }

  private void create(Mount mount, FileName name, boolean leased) {
    InodeId inode = new InodeId(mount.inode++);
    Operation create =
        new Operation.Create(
            InodeId.ROOT,
            name,
            inode,
            FileType.REGULAR,
            CreateMode.of(0644),
            0,
            null,
            true,
            leased);
    assertThat(mount.submit(create).errno()).isEqualTo(Errno.OK);
    if (leased) {
      holders.put(inode, mount.id);
    }
  }

  private void release(Mount mount, InodeId inode) {
    List<InodeId> both = List.of(inode, new InodeId(Long.MAX_VALUE));
    assertThat(mount.submit(new Operation.ReleaseLeases(both)).errno()).isEqualTo(Errno.OK);
    holders.remove(inode, mount.id);
  }

  private boolean change(Mount mount, FileName name, Attributes found, Random random)
      throws Exception {
    InodeId inode = found.inode();
    FileName other = name(random);
    Attributes target = find(other);
    Operation operation = draw(mount, name, other, inode, random);
    List<InodeId> changed = new ArrayList<>(List.of(inode));
    boolean isRename = operation instanceof Operation.Rename;
    if (isRename && target != null && !target.inode().equals(inode)) {
      changed.add(target.inode());
    }
    Reply reply = mount.submit(operation);
    List<SessionId> foreign =
        changed.stream()
            .map(holders::get)
            .filter(holder -> holder != null && !holder.equals(mount.id))
            .toList();
    if (operation instanceof Operation.Accessed) {
      assertThat(reply.errno()).isEqualTo(Errno.OK);
      Attributes after = rig.attributes(inode);
      assertThat(after.accessed().equals(found.accessed())).isEqualTo(!foreign.isEmpty());
      return false;
    }
    if (!foreign.isEmpty() && reply.errno() != Errno.EEXIST) {
      assertThat(reply.errno()).isEqualTo(Errno.LEASED);
      assertThat(foreign).contains(new SessionId(reply.number()));
      assertThat(reply.attributes()).isNotNull();
      assertThat(changed).contains(reply.attributes().inode());
      assertThat(rig.attributes(inode)).isEqualTo(found);
      assertThat(find(other)).isEqualTo(target);
      return true;
    }
    assertThat(reply.errno()).isIn(Errno.OK, Errno.EEXIST);
    if (operation instanceof Operation.AcquireLease) {
      holders.put(inode, mount.id);
    }
    return false;
  }

  private long tick = 1;

  private Operation draw(Mount mount, FileName name, FileName other, InodeId inode, Random random) {
    return switch (random.nextInt(9)) {
      case 0, 1 -> new Operation.AcquireLease(inode);
      case 2 -> mount.write(inode);
      case 3 -> new Operation.SetAttributes(inode, 0600, null, null, 2L, null, null);
      case 4 -> new Operation.Allocate(inode, 0, 0, 10);
      case 5 ->
          new Operation.SetXattr(inode, new byte[] {'u', 's', 'e', 'r', '.', 'a'}, new byte[1], 0);
      case 6 ->
          random.nextBoolean()
              ? new Operation.Unlink(InodeId.ROOT, name)
              : new Operation.Link(inode, InodeId.ROOT, other);
      case 7 ->
          new Operation.Rename(
              InodeId.ROOT,
              name,
              InodeId.ROOT,
              other,
              find(other) != null ? random.nextInt(2) * 2 : 0);
      default -> new Operation.Accessed(inode, new Timestamp(1_900_000_000L + tick++, 0));
    };
  }

  private @Nullable Attributes find(FileName name) {
    try {
      return rig.view().lookup(InodeId.ROOT, name);
    } catch (io.pandofs.common.ErrnoException e) {
      return null;
    }
  }

  private static FileName name(Random random) {
    return EngineRig.name("f" + random.nextInt(NAMES));
  }

  @Test
  void directoriesAndWhatIsNoFileHaveNoLease() {
    InodeId directory = rig.directory("d");
    InodeId fifo = rig.create(InodeId.ROOT, "p", FileType.FIFO).inode();
    assertThat(rig.errno(new Operation.AcquireLease(directory))).isEqualTo(Errno.EISDIR);
    assertThat(rig.errno(new Operation.AcquireLease(fifo))).isEqualTo(Errno.EINVAL);
    assertThat(rig.errno(new Operation.AcquireLease(new InodeId(999)))).isEqualTo(Errno.ESTALE);
    Operation born =
        new Operation.Create(
            InodeId.ROOT,
            EngineRig.name("q"),
            rig.nextInode(),
            FileType.FIFO,
            CreateMode.of(0644),
            0,
            null,
            true,
            true);
    assertThat(rig.errno(born)).isEqualTo(Errno.EINVAL);
  }
}
