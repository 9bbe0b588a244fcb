package io.pandofs.meta.engine;

import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.Errno;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileType;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** An engine over tables in memory with one node and one session, for tests. */
final class EngineRig implements LocalEffects {
  static final Timestamp NOW = new Timestamp(1_700_000_000, 0);

  final MemoryStore store = new MemoryStore();
  final LogEngine engine = new LogEngine();
  final List<String> told = new ArrayList<>();
  final List<String> granted = new ArrayList<>();
  final NodeId node;
  final SessionId session;
  Caller caller = Caller.ROOT;
  Timestamp now = NOW;
  private long index;
  private long sequence;
  private long inodes;
  private long serials;

  EngineRig() {
    apply(new LogEntry.Format(7, Caller.ROOT, NOW));
    node = addNode("a:1");
    session = new SessionId(apply(new LogEntry.RegisterSession(node, NOW)).number());
    inodes = submit(new Operation.ReserveNumbers(NumberKind.INODE, 1 << 20)).number();
    serials = submit(new Operation.ReserveNumbers(NumberKind.BLOCK_SERIAL, 1 << 20)).number();
    told.clear();
  }

  NodeId addNode(String control) {
    return new NodeId(apply(new LogEntry.RegisterNode(0, "n", control, "r", "b")).number());
  }

  LogReply apply(LogEntry entry) {
    return engine.apply(entry, ++index, store, this);
  }

  long index() {
    return index;
  }

  Reply submit(Operation operation) {
    return submit(List.of(new Request(operation, caller, now))).get(0);
  }

  /** Those of one batch. */
  List<Reply> submit(List<Request> requests) {
    LogEntry batch = new LogEntry.Batch(session, sequence + 1, sequence, requests);
    sequence += requests.size();
    return apply(batch).replies();
  }

  Errno errno(Operation operation) {
    return submit(operation).errno();
  }

  Attributes create(InodeId parent, String name, FileType type) {
    return create(parent, name, type, 0644);
  }

  Attributes create(InodeId parent, String name, FileType type, int permissions) {
    byte[] target = type == FileType.SYMLINK ? new byte[] {'x'} : null;
    return submit(
            new Operation.Create(
                parent, name(name), nextInode(), type, permissions, 0, target, true))
        .attributes();
  }

  InodeId file(String name) {
    return create(InodeId.ROOT, name, FileType.REGULAR).inode();
  }

  InodeId directory(String name) {
    return create(InodeId.ROOT, name, FileType.DIRECTORY).inode();
  }

  /** One new block that is an extent as a whole. */
  Operation.Write write(InodeId inode, long offset, int length) {
    BlockId block = nextBlock();
    return new Operation.Write(
        inode, List.of(new Extent(offset, length, block, 0)), List.of(stored(block, length)));
  }

  /** A block with bytes that follow from its number. */
  static InlineBlock inline(BlockId block, int length) {
    byte[] bytes = new byte[length];
    new Random(block.value()).nextBytes(bytes);
    return new InlineBlock(block, bytes, Checksums.crc32c(bytes, 0, length));
  }

  /** One new block with its bytes that is an extent as a whole. */
  Operation.Write writeInline(InodeId inode, long offset, int length) {
    BlockId block = nextBlock();
    return new Operation.Write(
        inode,
        List.of(new Extent(offset, length, block, 0)),
        List.of(),
        List.of(inline(block, length)));
  }

  NewBlock stored(BlockId block, int length) {
    return new NewBlock(block, length, 5, 1, List.of(node));
  }

  InodeId nextInode() {
    return new InodeId(inodes++);
  }

  BlockId nextBlock() {
    return BlockId.ofSerial(serials++);
  }

  Attributes attributes(InodeId inode) throws Exception {
    return view().attributes(inode);
  }

  TableView view() {
    return new TableView(store, index, () -> {});
  }

  static FileName name(String name) {
    return FileName.ofText(name);
  }

  @Override
  public void blockReferenced(BlockId block, int length, int crc32c) {
    told.add("referenced " + block);
  }

  @Override
  public void blockDropped(BlockId block) {
    told.add("dropped " + block);
  }

  @Override
  public void lockGranted(SessionId session, long ticket) {
    granted.add(session + " " + ticket);
  }

  @Override
  public void placementChanged() {
    told.add("placement");
  }

  @Override
  public void sessionEnded(SessionId ended) {
    told.add("ended " + ended);
  }

  @Override
  public void dentryChanged(InodeId parent, FileName changed) {
    told.add("dentry " + parent + " " + changed);
  }
}
