package io.pandofs.mount.vfs;

import io.pandofs.block.StoredBlock;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.config.MountFlags.AccessTime;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.testing.LocalMetadataSession;
import io.pandofs.meta.testing.LocalTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/** One tree and its blocks in memory, with any number of mounts on it. */
public final class Volume implements AutoCloseable {

  public static final Caller USER = new Caller(1000, 1000);

  /** Flushes only when asked: background flushing would blur what a test looks at. */
  static final VfsOptions CALM =
      new VfsOptions(
          64L << 20,
          8L << 20,
          1 << 20,
          Duration.ofDays(1),
          AccessTime.RELATIME,
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          false,
          false);

  volatile long freeBytes = 1L << 40;
  final LocalTree tree = new LocalTree();
  final MemoryBlocks blocks = new MemoryBlocks(tree);
  private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
  private final List<Vfs> mounts = new ArrayList<>();

  public MemoryBlocks blocks() {
    return blocks;
  }

  public LocalTree tree() {
    return tree;
  }

  public Vfs mount() {
    return mount(CALM);
  }

  Vfs mount(VfsOptions options) {
    return mount(options, tree::newSession);
  }

  Vfs mount(VfsOptions options, SessionSource source) {
    try {
      Vfs vfs =
          new Vfs(
              options,
              new SystemClock(),
              source,
              blocks,
              () -> new Capacity.Space(1L << 40, freeBytes),
              scheduler);
      mounts.add(vfs);
      return vfs;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Puts what is in the tables on replicas, as a node does that has too much there. */
  void moveInline() {
    LocalMetadataSession session = tree.newSession();
    List<NewBlock> stored = new ArrayList<>();
    for (InlineBlock block : tree.inlineBlocks(() -> true).oldest(0, Long.MAX_VALUE)) {
      StoredBlock put =
          blocks.put(session.id(), block.block(), ByteBuffer.wrap(block.bytes())).join();
      stored.add(
          new NewBlock(
              block.block(), put.length(), put.crc32c(), put.placementEpoch(), put.holders()));
    }
    Operation move = new Operation.MoveInline(stored);
    Reply reply = session.submit(new Request(move, Caller.ROOT, Timestamp.EPOCH)).join();
    if (reply.number() != stored.size()) {
      throw new IllegalStateException("moved " + reply + " of " + stored.size());
    }
    session.close();
  }

  /** Remembers the sessions it has given, so that a test can end the last one. */
  static final class Source implements SessionSource {
    private final LocalTree tree;
    private final List<LocalMetadataSession> given = new ArrayList<>();

    Source(LocalTree tree) {
      this.tree = tree;
    }

    @Override
    public synchronized LocalMetadataSession register() {
      LocalMetadataSession session = tree.newSession();
      given.add(session);
      return session;
    }

    synchronized void expire() {
      tree.expire(given.get(given.size() - 1).id());
    }

    synchronized LocalMetadataSession last() {
      return given.get(given.size() - 1);
    }

    synchronized int count() {
      return given.size();
    }
  }

  @Override
  public void close() {
    blocks.letGo();
    mounts.forEach(Vfs::close);
    scheduler.shutdownNow();
  }

  static FileName name(String text) {
    return FileName.ofText(text);
  }

  static long create(Vfs vfs, String name) throws ErrnoException {
    return create(vfs, name, OpenFlags.READ_WRITE);
  }

  static long create(Vfs vfs, String name, int flags) throws ErrnoException {
    return vfs.files().create(USER, InodeId.ROOT, name(name), CreateMode.of(0644), flags).handle();
  }

  static long open(Vfs vfs, String name, int flags) throws ErrnoException {
    return vfs.files().open(USER, find(vfs, name).inode(), flags).handle();
  }

  static Attributes find(Vfs vfs, String name) throws ErrnoException {
    return vfs.namespace().lookup(InodeId.ROOT, name(name));
  }

  static void write(Vfs vfs, long handle, long offset, byte[] bytes) throws ErrnoException {
    vfs.files().write(USER, handle, offset, ByteBuffer.wrap(bytes));
  }

  static void write(Vfs vfs, long handle, long offset, String text) throws ErrnoException {
    write(vfs, handle, offset, text.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] readBytes(Vfs vfs, long handle, long offset, int length) throws ErrnoException {
    ByteBuffer into = ByteBuffer.allocate(length);
    vfs.files().read(handle, offset, into);
    byte[] bytes = new byte[into.position()];
    into.flip().get(bytes);
    return bytes;
  }

  static String read(Vfs vfs, long handle, long offset, int length) throws ErrnoException {
    return new String(readBytes(vfs, handle, offset, length), StandardCharsets.UTF_8);
  }

  /** The whole file as another open sees it. */
  static String readAll(Vfs vfs, String name) throws ErrnoException {
    long handle = open(vfs, name, OpenFlags.READ_ONLY);
    try {
      return read(vfs, handle, 0, 1 << 20);
    } finally {
      vfs.files().release(handle);
    }
  }

  static void close(Vfs vfs, long handle) throws ErrnoException {
    try {
      vfs.files().flush(handle);
    } finally {
      vfs.files().release(handle);
    }
  }
}
