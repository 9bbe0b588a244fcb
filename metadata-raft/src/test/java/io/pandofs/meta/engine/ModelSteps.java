package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Acl;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileType;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random lists of operations on few names and few inodes, so that they meet. */
final class ModelSteps {
  private static final FileType[] TYPES = {
    FileType.REGULAR,
    FileType.REGULAR,
    FileType.REGULAR,
    FileType.DIRECTORY,
    FileType.DIRECTORY,
    FileType.DIRECTORY,
    FileType.SYMLINK,
    FileType.FIFO
  };

  private final Random random;
  private final List<Operation.Write> written = new ArrayList<>();
  private InodeId unnamed = InodeId.ROOT;
  private long inodes = 1;
  private long blocks = 0;
  private long seconds = 1_700_000_000;

  /** A request, or an orphan to reap. */
  record Step(Request request, InodeId reaped) {
    @Override
    public String toString() {
      return reaped != null ? "reap " + reaped : request.toString();
    }
  }

  ModelSteps(long seed) {
    this.random = new Random(seed);
  }

  List<Step> make(int count) {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      seconds += random.nextInt(3) - 1;
      steps.add(
          random.nextInt(25) == 0
              ? new Step(null, inode())
              : new Step(new Request(operation(), caller(), time()), null));
    }
    return steps;
  }

  private Operation operation() {
    int kind = random.nextInt(100);
    if (kind < 27) {
      return create();
    } else if (kind < 30) {
      return createUnnamed();
    } else if (kind < 34) {
      return setAcl();
    } else if (kind < 38) {
      InodeId known = random.nextInt(3) == 0 ? unnamed : inode();
      return new Operation.Link(known, inode(), name());
    } else if (kind < 44) {
      return new Operation.Unlink(inode(), name());
    } else if (kind < 49) {
      return new Operation.RemoveDirectory(inode(), name());
    } else if (kind < 65) {
      int flags = random.nextInt(20) == 0 ? random.nextInt(8) : random.nextInt(3);
      return new Operation.Rename(inode(), name(), inode(), name(), flags);
    } else if (kind < 72) {
      return setAttributes();
    } else if (kind < 73) {
      return new Operation.Accessed(inode(), time());
    } else if (kind < 83) {
      return write();
    } else if (kind < 85) {
      return copy();
    } else if (kind < 88) {
      return relocate();
    } else if (kind < 90) {
      return moveInline();
    } else if (kind < 94) {
      int[] modes = {0, 1, 3, 16, 17, 2, 64};
      int mode = modes[random.nextInt(modes.length)];
      return new Operation.Allocate(inode(), mode, offset() - 1, random.nextInt(40));
    } else if (kind < 98) {
      byte[] value = new byte[random.nextInt(5)];
      random.nextBytes(value);
      return new Operation.SetXattr(inode(), xattr(), value, random.nextInt(3));
    }
    return new Operation.RemoveXattr(inode(), xattr());
  }

  private Operation create() {
    FileType type = TYPES[random.nextInt(TYPES.length)];
    InodeId number = random.nextInt(50) == 0 ? inode() : new InodeId(++inodes);
    byte[] target = type == FileType.SYMLINK ? new byte[] {'t', '0'} : null;
    return new Operation.Create(
        inode(), name(), number, type, mode(), 0, target, random.nextBoolean(), false);
  }

  private CreateMode mode() {
    return new CreateMode(random.nextInt(010000), random.nextInt(01000));
  }

  private Operation setAcl() {
    Acl.Kind kind = random.nextInt(3) == 0 ? Acl.Kind.ACCESS : Acl.Kind.DEFAULT;
    Acl list = random.nextInt(6) == 0 ? null : ModelAcl.random(random);
    return new Operation.SetAcl(inode(), kind, list, random.nextBoolean());
  }

  private Operation createUnnamed() {
    unnamed = random.nextInt(50) == 0 ? inode() : new InodeId(++inodes);
    boolean linkable = random.nextInt(3) > 0;
    return new Operation.CreateUnnamed(inode(), unnamed, mode(), linkable, false);
  }

  /** Mostly of a file that has bytes, often into itself. */
  private Operation copy() {
    InodeId from =
        written.isEmpty() || random.nextInt(4) == 0
            ? inode()
            : written.get(written.size() - 1 - random.nextInt(Math.min(written.size(), 5))).inode();
    InodeId to = random.nextInt(3) == 0 ? from : inode();
    return new Operation.CopyRange(from, offset() - 1, to, offset() - 1, random.nextInt(60) - 1);
  }

  private Operation setAttributes() {
    return new Operation.SetAttributes(
        inode(),
        random.nextInt(3) == 0 ? random.nextInt(010000) : null,
        random.nextInt(3) == 0 ? random.nextInt(3) : null,
        random.nextInt(3) == 0 ? random.nextInt(3) : null,
        random.nextInt(2) == 0 ? Long.valueOf(offset()) : null,
        random.nextInt(4) == 0 ? time() : null,
        random.nextInt(4) == 0 ? time() : null);
  }

  private Operation write() {
    List<Extent> extents = new ArrayList<>();
    List<NewBlock> created = new ArrayList<>();
    List<InlineBlock> inline = new ArrayList<>();
    long at = offset();
    for (int i = 0; i <= random.nextInt(3); i++) {
      BlockId block = BlockId.ofSerial(++blocks);
      int length = 1 + random.nextInt(30);
      if (random.nextInt(3) == 0) {
        created.add(new NewBlock(block, length, random.nextInt(), 1, List.of(new NodeId(1))));
      } else {
        inline.add(EngineRig.inline(block, length));
      }
      int blockOffset = random.nextInt(length);
      int used = 1 + random.nextInt(length - blockOffset);
      extents.add(new Extent(at, used, block, blockOffset));
      at += used + random.nextInt(6);
      if (random.nextInt(4) == 0) {
        extents.add(new Extent(at, 1, block, 0));
        at++;
      }
    }
    Operation.Write write = new Operation.Write(inode(), extents, created, inline);
    written.add(write);
    return write;
  }

  /** Of some recent writes, with a length now and then that is wrong. */
  private Operation moveInline() {
    List<NewBlock> stored = new ArrayList<>();
    for (int i = random.nextInt(6); i >= 0 && i < written.size(); i--) {
      for (InlineBlock block : written.get(written.size() - 1 - i).inline()) {
        int length = block.bytes().length + (random.nextInt(4) == 0 ? 1 : 0);
        stored.add(new NewBlock(block.block(), length, block.crc32c(), 1, List.of(new NodeId(1))));
      }
    }
    return new Operation.MoveInline(stored);
  }

  /** Of what a recent write has written, parts of its extents, packed into a new block. */
  private Operation relocate() {
    if (written.isEmpty()) {
      return write();
    }
    int recent = Math.min(written.size(), 8);
    Operation.Write write = written.get(written.size() - 1 - random.nextInt(recent));
    BlockId block = BlockId.ofSerial(++blocks);
    List<Extent> from = new ArrayList<>();
    List<Extent> to = new ArrayList<>();
    int at = random.nextInt(3);
    for (Extent extent : write.extents()) {
      int skipped = random.nextInt((int) extent.length());
      int length = 1 + random.nextInt((int) extent.length() - skipped);
      long offset = extent.offset() + skipped;
      from.add(new Extent(offset, length, extent.block(), extent.blockOffset() + skipped));
      if (!to.isEmpty() && to.get(to.size() - 1).end() == offset && random.nextBoolean()) {
        Extent last = to.remove(to.size() - 1);
        to.add(new Extent(last.offset(), last.length() + length, block, last.blockOffset()));
      } else {
        to.add(new Extent(offset, length, block, at));
      }
      at += length;
    }
    NewBlock stored =
        new NewBlock(block, at + random.nextInt(3), random.nextInt(), 1, List.of(new NodeId(1)));
    return new Operation.Relocate(write.inode(), from, to, List.of(stored));
  }

  private long offset() {
    return random.nextInt(12) == 0
        ? Long.MAX_VALUE - 300 + random.nextInt(100)
        : random.nextInt(100);
  }

  private InodeId inode() {
    if (random.nextInt(3) == 0) {
      return InodeId.ROOT;
    }
    long recent = Math.min(inodes, 12);
    return new InodeId(inodes - random.nextInt((int) recent));
  }

  private FileName name() {
    return FileName.ofText(String.valueOf((char) ('a' + random.nextInt(4))));
  }

  private byte[] xattr() {
    int which = random.nextInt(4);
    return (which == 3 ? "security.capability" : "user." + which).getBytes();
  }

  private Caller caller() {
    return random.nextInt(2) == 0 ? Caller.ROOT : new Caller(1 + random.nextInt(2), 1);
  }

  private Timestamp time() {
    return new Timestamp(seconds, random.nextInt(3));
  }
}
