package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Acl;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileType;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A filesystem as plain as can be, against which the engine is checked: objects that point at each
 * other, and of each byte of a file the place in a block that it comes from.
 */
final class ModelFs {
  final Map<Long, Node> nodes = new TreeMap<>();
  final Map<BlockId, Integer> blockLengths = new HashMap<>();

  /** Blocks that came with their bytes and were not moved, dead ones too. */
  final Set<BlockId> inline = new HashSet<>();

  private Caller caller = Caller.ROOT;
  private Timestamp now = Timestamp.EPOCH;

  /** A byte's place. */
  record Place(BlockId block, long offset) {}

  static final class Node {
    long id;
    FileType type = FileType.REGULAR;
    int mode;
    int uid;
    int gid;
    long size;
    long device;
    Timestamp atime = Timestamp.EPOCH;
    Timestamp mtime = Timestamp.EPOCH;
    Timestamp ctime = Timestamp.EPOCH;
    Timestamp btime = Timestamp.EPOCH;
    byte[] target = {};
    Node parent;
    boolean removed;
    boolean linkable;
    final Map<String, Node> children = new TreeMap<>();
    final TreeMap<Long, Place> bytes = new TreeMap<>();
    final Map<String, byte[]> xattrs = new TreeMap<>();

    boolean isDir() {
      return type == FileType.DIRECTORY;
    }
  }

  static final class Fail extends Exception {
    final Errno errno;

    Fail(Errno errno) {
      super(errno.name());
      this.errno = errno;
    }
  }

  ModelFs(Timestamp born) {
    Node root = new Node();
    root.id = 1;
    root.type = FileType.DIRECTORY;
    root.mode = 0755;
    root.size = 4096;
    root.atime = root.mtime = root.ctime = root.btime = born;
    root.parent = root;
    nodes.put(1L, root);
  }

  Reply apply(Request request) {
    caller = request.caller();
    now = request.time();
    try {
      if (request.operation() instanceof Operation.Relocate o) {
        return new Reply(Errno.OK, null, relocate(o));
      } else if (request.operation() instanceof Operation.MoveInline o) {
        return new Reply(Errno.OK, null, moveInline(o));
      } else if (request.operation() instanceof Operation.CopyRange o) {
        long count = copy(o);
        return new Reply(Errno.OK, attributes(get(o.to())), count);
      }
      Node node = run(request.operation());
      return node == null ? Reply.OK : Reply.of(attributes(node));
    } catch (Fail e) {
      return Reply.failed(e.errno);
    }
  }

  private Node run(Operation op) throws Fail {
    if (op instanceof Operation.Create o) {
      return create(o);
    } else if (op instanceof Operation.CreateUnnamed o) {
      return createUnnamed(o);
    } else if (op instanceof Operation.Link o) {
      return link(o);
    } else if (op instanceof Operation.Unlink o) {
      return remove(o.parent(), o.name().toString(), false);
    } else if (op instanceof Operation.RemoveDirectory o) {
      return remove(o.parent(), o.name().toString(), true);
    } else if (op instanceof Operation.Rename o) {
      return rename(o);
    } else if (op instanceof Operation.SetAttributes o) {
      return setAttributes(o);
    } else if (op instanceof Operation.Accessed o) {
      Node node = get(o.inode());
      node.atime = o.time();
      return node;
    } else if (op instanceof Operation.Write o) {
      return write(o);
    } else if (op instanceof Operation.Allocate o) {
      return allocate(o);
    } else if (op instanceof Operation.SetXattr o) {
      return setXattr(o);
    } else if (op instanceof Operation.SetAcl o) {
      return setAcl(o);
    } else if (op instanceof Operation.RemoveXattr o) {
      Node node = get(o.inode());
      require(node.xattrs.remove(new String(o.name())) != null, Errno.ENODATA);
      changed(node);
      return node;
    }
    throw new IllegalArgumentException(op.toString());
  }

  /** Links are counted by looking, every time. */
  int links(Node node) {
    int links = 0;
    for (Node dir : nodes.values()) {
      for (Node child : dir.children.values()) {
        if (child == node) {
          links++;
        }
      }
    }
    if (!node.isDir()) {
      return links;
    }
    if (node.removed) {
      return 0;
    }
    return 2 + (int) node.children.values().stream().filter(Node::isDir).count();
  }

  boolean isOrphan(Node node) {
    return node.id != 1 && links(node) == 0;
  }

  Attributes attributes(Node n) {
    return new Attributes(
        new InodeId(n.id),
        n.type,
        n.mode,
        n.uid,
        n.gid,
        links(n),
        n.size,
        n.bytes.size(),
        n.device,
        n.atime,
        n.mtime,
        n.ctime,
        n.btime);
  }

  private Node create(Operation.Create o) throws Fail {
    Node dir = dir(o.parent());
    Node old = dir.children.get(o.name().toString());
    if (old != null) {
      require(!o.exclusive() && o.type() == FileType.REGULAR, Errno.EEXIST);
      require(!old.isDir(), Errno.EISDIR);
      require(old.type == FileType.REGULAR, Errno.EEXIST);
      return old;
    }
    require(!dir.removed, Errno.ENOENT);
    require(o.inode().value() != 1, Errno.EINVAL); // nobody was granted the root's number
    require(!nodes.containsKey(o.inode().value()), Errno.EIO);
    Node n = new Node();
    n.id = o.inode().value();
    n.type = o.type();
    inherit(n, dir, o.mode());
    n.device = o.device();
    n.atime = n.mtime = n.ctime = n.btime = now;
    if (n.isDir()) {
      n.size = 4096;
      n.parent = dir;
    }
    if (o.target() != null) {
      n.target = o.target();
      n.size = n.target.length;
    }
    nodes.put(n.id, n);
    dir.children.put(o.name().toString(), n);
    modified(dir);
    return n;
  }

  private Node createUnnamed(Operation.CreateUnnamed o) throws Fail {
    Node dir = dir(o.parent());
    require(o.inode().value() != 1, Errno.EINVAL);
    require(!nodes.containsKey(o.inode().value()), Errno.EIO);
    Node n = new Node();
    n.id = o.inode().value();
    inherit(n, dir, o.mode());
    n.atime = n.mtime = n.ctime = n.btime = now;
    n.linkable = o.linkable();
    nodes.put(n.id, n);
    return n;
  }

  private void inherit(Node n, Node dir, CreateMode asked) {
    byte[] defaults = dir.xattrs.get(ModelAcl.DEFAULT);
    if (n.type == FileType.SYMLINK) {
      n.mode = 0777;
    } else if (defaults == null) {
      n.mode = asked.permissions() & ~asked.umask();
    } else {
      int both = asked.permissions() & ModelAcl.mode(defaults);
      n.mode = (asked.permissions() & 07000) | both;
      keepAccess(n, ModelAcl.withMode(defaults, both));
      if (n.isDir()) {
        n.xattrs.put(ModelAcl.DEFAULT, defaults);
      }
    }
    n.uid = caller.uid();
    n.gid = caller.gid();
    if ((dir.mode & 02000) != 0) {
      n.gid = dir.gid;
      if (n.isDir()) {
        n.mode |= 02000;
      }
    }
  }

  private Node link(Operation.Link o) throws Fail {
    Node dir = dir(o.parent());
    Node node = get(o.inode());
    require(!dir.children.containsKey(o.name().toString()), Errno.EEXIST);
    require(!dir.removed, Errno.ENOENT);
    require(!node.isDir(), Errno.EPERM);
    require(links(node) > 0 || node.linkable, Errno.ENOENT);
    node.linkable = false;
    dir.children.put(o.name().toString(), node);
    modified(dir);
    changed(node);
    return node;
  }

  private Node remove(InodeId parent, String name, boolean directory) throws Fail {
    Node dir = dir(parent);
    Node node = dir.children.get(name);
    require(node != null, Errno.ENOENT);
    if (directory) {
      require(node.isDir(), Errno.ENOTDIR);
      require(node.children.isEmpty(), Errno.ENOTEMPTY);
      node.removed = true;
    } else {
      require(!node.isDir(), Errno.EISDIR);
    }
    dir.children.remove(name);
    modified(dir);
    changed(node);
    return null;
  }

  private Node rename(Operation.Rename o) throws Fail {
    boolean noReplace = o.flags() == 1;
    boolean exchange = o.flags() == 2;
    require(o.flags() >= 0 && o.flags() <= 2, Errno.EINVAL);
    Node from = dir(o.parent());
    Node to = dir(o.newParent());
    Node node = from.children.get(o.name().toString());
    require(node != null, Errno.ENOENT);
    Node other = to.children.get(o.newName().toString());
    require(!(noReplace && other != null), Errno.EEXIST);
    require(!(exchange && other == null), Errno.ENOENT);
    require(!to.removed, Errno.ENOENT);
    require(!(node.isDir() && isBelow(to, node)), Errno.EINVAL);
    if (other != null && other.isDir() && isBelow(from, other)) {
      throw new Fail(exchange ? Errno.EINVAL : Errno.ENOTEMPTY);
    }
    if (other == node) {
      return null;
    }
    if (other != null && !exchange) {
      if (node.isDir()) {
        require(other.isDir(), Errno.ENOTDIR);
        require(other.children.isEmpty(), Errno.ENOTEMPTY);
      } else {
        require(!other.isDir(), Errno.EISDIR);
      }
      other.removed = other.isDir();
    }
    from.children.remove(o.name().toString());
    to.children.put(o.newName().toString(), node);
    if (node.isDir()) {
      node.parent = to;
    }
    if (exchange) {
      from.children.put(o.name().toString(), other);
      if (other.isDir()) {
        other.parent = from;
      }
    }
    modified(from);
    if (to != from) {
      modified(to);
    }
    changed(node);
    if (other != null) {
      changed(other);
    }
    return null;
  }

  private boolean isBelow(Node dir, Node ancestor) {
    Node at = dir;
    while (at != ancestor) {
      if (at.id == 1) {
        return false;
      }
      at = at.parent;
    }
    return true;
  }

  private Node setAttributes(Operation.SetAttributes o) throws Fail {
    Node n = get(o.inode());
    if (o.sizeBytes() != null) {
      require(!n.isDir(), Errno.EISDIR);
      require(n.type == FileType.REGULAR, Errno.EINVAL);
      require(o.sizeBytes() >= 0, Errno.EINVAL);
      n.bytes.tailMap(o.sizeBytes(), true).clear();
      n.size = o.sizeBytes();
      written(n);
    }
    boolean nothingElse =
        o.permissions() == null
            && o.sizeBytes() == null
            && o.accessed() == null
            && o.modified() == null;
    if ((o.uid() != null || o.gid() != null || nothingElse) && !n.isDir()) {
      loseBits(n);
      n.xattrs.remove("security.capability");
    }
    n.uid = o.uid() != null ? o.uid() : n.uid;
    n.gid = o.gid() != null ? o.gid() : n.gid;
    if (o.permissions() != null) {
      n.mode = o.permissions();
      n.xattrs.computeIfPresent(ModelAcl.ACCESS, (k, list) -> ModelAcl.withMode(list, n.mode));
    }
    n.atime = o.accessed() != null ? o.accessed() : n.atime;
    n.mtime = o.modified() != null ? o.modified() : n.mtime;
    changed(n);
    return n;
  }

  private Node setAcl(Operation.SetAcl o) throws Fail {
    Node n = get(o.inode());
    boolean access = o.kind() == Acl.Kind.ACCESS;
    String name = access ? ModelAcl.ACCESS : ModelAcl.DEFAULT;
    require(n.type != FileType.SYMLINK, Errno.EOPNOTSUPP);
    require(access || n.isDir() || o.list() == null, Errno.EACCES);
    if (o.list() == null) {
      if (n.xattrs.remove(name) != null) {
        changed(n);
      }
      return n;
    }
    byte[] list = o.list().toBytes();
    if (access) {
      int kept = o.clearsSetgid() ? 05000 : 07000;
      n.mode = (n.mode & kept) | ModelAcl.mode(list);
      n.xattrs.remove(name);
      keepAccess(n, list);
    } else {
      n.xattrs.put(name, list);
    }
    changed(n);
    return n;
  }

  private static void keepAccess(Node n, byte[] list) {
    if (ModelAcl.entries(list) > 3) {
      n.xattrs.put(ModelAcl.ACCESS, list);
    }
  }

  private Node write(Operation.Write o) throws Fail {
    Node n = file(o.inode());
    Collection<BlockId> live = liveBlocks();
    for (NewBlock block : o.blocks()) {
      require(!live.contains(block.block()), Errno.EIO);
    }
    for (InlineBlock block : o.inline()) {
      require(!live.contains(block.block()), Errno.EIO);
    }
    for (NewBlock block : o.blocks()) {
      blockLengths.put(block.block(), block.length());
      inline.remove(block.block());
    }
    for (InlineBlock block : o.inline()) {
      blockLengths.put(block.block(), block.bytes().length);
      inline.add(block.block());
    }
    for (Extent e : o.extents()) {
      for (long i = 0; i < e.length(); i++) {
        n.bytes.put(e.offset() + i, new Place(e.block(), e.blockOffset() + i));
      }
      n.size = Math.max(n.size, e.offset() + e.length());
    }
    written(n);
    return n;
  }

  /** How many bytes moved. */
  private long moveInline(Operation.MoveInline o) {
    Collection<BlockId> live = liveBlocks();
    long moved = 0;
    for (NewBlock block : o.blocks()) {
      boolean isIt = block.length() == blockLengths.getOrDefault(block.block(), -1);
      moved += isIt && live.contains(block.block()) && inline.remove(block.block()) ? 1 : 0;
    }
    return moved;
  }

  private long relocate(Operation.Relocate o) throws Fail {
    Node n = file(o.inode());
    for (NewBlock block : o.blocks()) {
      require(!liveBlocks().contains(block.block()), Errno.EIO);
    }
    Map<Long, Place> from = new HashMap<>();
    for (Extent e : o.from()) {
      for (long i = 0; i < e.length(); i++) {
        from.put(e.offset() + i, new Place(e.block(), e.blockOffset() + i));
      }
    }
    for (NewBlock block : o.blocks()) {
      blockLengths.put(block.block(), block.length());
    }
    long moved = 0;
    for (Extent e : o.to()) {
      for (long i = 0; i < e.length(); i++) {
        Place was = from.get(e.offset() + i);
        if (was != null && was.equals(n.bytes.get(e.offset() + i))) {
          n.bytes.put(e.offset() + i, new Place(e.block(), e.blockOffset() + i));
          moved++;
        }
      }
    }
    return moved;
  }

  /** How many bytes were copied. */
  private long copy(Operation.CopyRange o) throws Fail {
    Node from = file(o.from());
    Node to = file(o.to());
    require(o.fromOffset() >= 0 && o.toOffset() >= 0 && o.length() >= 0, Errno.EINVAL);
    long count = Math.max(0, Math.min(o.length(), from.size - o.fromOffset()));
    if (count == 0) {
      return 0;
    }
    require(o.toOffset() + count > 0, Errno.EFBIG);
    boolean apart =
        o.fromOffset() + count <= o.toOffset() || o.toOffset() + count <= o.fromOffset();
    require(from != to || apart, Errno.EINVAL);
    TreeMap<Long, Place> copied =
        new TreeMap<>(from.bytes.subMap(o.fromOffset(), true, o.fromOffset() + count, false));
    to.bytes.subMap(o.toOffset(), true, o.toOffset() + count, false).clear();
    copied.forEach((at, place) -> to.bytes.put(at - o.fromOffset() + o.toOffset(), place));
    to.size = Math.max(to.size, o.toOffset() + count);
    written(to);
    return count;
  }

  private Node file(InodeId id) throws Fail {
    Node n = get(id);
    require(!n.isDir(), Errno.EISDIR);
    require(n.type == FileType.REGULAR, Errno.EINVAL);
    return n;
  }

  private Node allocate(Operation.Allocate o) throws Fail {
    Node n = get(o.inode());
    require(o.offset() >= 0 && o.length() > 0, Errno.EINVAL);
    require(List.of(0, 1, 3, 16, 17).contains(o.mode()), Errno.EOPNOTSUPP);
    require(n.type != FileType.FIFO, Errno.ESPIPE);
    require(!n.isDir(), Errno.EISDIR);
    require(n.type == FileType.REGULAR, Errno.ENODEV);
    require(o.offset() + o.length() > 0, Errno.EFBIG);
    long end = o.offset() + o.length();
    if (o.mode() > 1) {
      n.bytes.subMap(o.offset(), true, end, false).clear();
    }
    if ((o.mode() & 1) == 0) {
      n.size = Math.max(n.size, end);
    }
    written(n);
    return n;
  }

  private Node setXattr(Operation.SetXattr o) throws Fail {
    Node n = get(o.inode());
    String name = new String(o.name());
    require(!name.isEmpty() && name.length() <= 255, Errno.ERANGE);
    require(!(o.flags() == 1 && n.xattrs.containsKey(name)), Errno.EEXIST);
    require(!(o.flags() == 2 && !n.xattrs.containsKey(name)), Errno.ENODATA);
    n.xattrs.put(name, o.value());
    changed(n);
    return n;
  }

  /** Frees an orphan. */
  void reap(InodeId id) {
    Node node = nodes.get(id.value());
    if (node != null && isOrphan(node)) {
      nodes.remove(id.value());
    }
  }

  Collection<BlockId> liveBlocks() {
    List<BlockId> live = new ArrayList<>();
    for (Node node : nodes.values()) {
      node.bytes.values().forEach(place -> live.add(place.block()));
    }
    return new TreeSet<>(live);
  }

  private Node get(InodeId id) throws Fail {
    Node node = nodes.get(id.value());
    require(node != null, Errno.ESTALE);
    return node;
  }

  private Node dir(InodeId id) throws Fail {
    Node node = get(id);
    require(node.isDir(), Errno.ENOTDIR);
    return node;
  }

  private void written(Node n) {
    if (caller.uid() != 0) {
      loseBits(n);
    }
    n.xattrs.remove("security.capability");
    modified(n);
  }

  private void loseBits(Node n) {
    n.mode &= ~04000;
    if ((n.mode & 010) != 0 || (caller.uid() != 0 && caller.gid() != n.gid)) {
      n.mode &= ~02000;
    }
  }

  private void modified(Node n) {
    n.mtime = n.mtime.compareTo(now) < 0 ? now : n.mtime.next();
    changed(n);
  }

  private void changed(Node n) {
    n.ctime = n.ctime.compareTo(now) < 0 ? now : n.ctime.next();
  }

  private static void require(boolean holds, Errno otherwise) throws Fail {
    if (!holds) {
      throw new Fail(otherwise);
    }
  }
}
