package io.pandofs.meta.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.DirectoryEntry;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileType;
import io.pandofs.meta.ForeignLeaseException;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.MetadataView;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.Standing;
import io.pandofs.meta.ahead.Ahead;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Three mounts work in a few directories, ahead of the log wherever they may. There is one truth:
 * what is answered ahead happens when it is answered, all else when the log has it. Every answer is
 * what the truth says, the log repeats what was answered ahead, and what a mount sees while nobody
 * waits for the log is the truth, or refused because of a lease.
 */
class AheadModelTest {
  private static final int STEPS = 4000;
  private static final int MOUNTS = 3;
  private static final int NAMES = 4;

  private final LogEngine engine = new LogEngine();
  private final MemoryStore log = new MemoryStore();
  private MemoryStore truth = new MemoryStore();
  private final List<Entry> entries = new ArrayList<>();
  private final List<Mount> mounts = new ArrayList<>();
  private final List<String> broken = new ArrayList<>();
  private NodeId node;
  private int answeredAhead;
  private int lockedAhead;
  private int looked;
  private int held;
  private int givenUp;
  private int stored;
  private int read;
  private Mover mover;

  /** What is in each block, wherever that is. */
  private final Map<BlockId, byte[]> contents = new HashMap<>();

  /** What is in the log: for a batch, whose and what for. */
  private record Entry(
      LogEntry entry, Mount mount, SessionId session, List<Waiting> waiting, LogReply reply) {}

  /** A request on its way. */
  private record Waiting(
      Request request, boolean forEver, Ahead.Progress progress, CompletableFuture<Reply> answer) {}

  /** Tables that nothing has to be given back of. */
  private record Now(ReadStore store) implements Ahead.Tables {
    @Override
    public void close() {}
  }

  /** A mount on a node of its own. */
  private final class Mount {
    final MemoryStore tables = new MemoryStore();
    int applied;

    /** Whether answers wait until this node has applied what they tell. */
    boolean fresh = true;

    InodeId home = InodeId.ROOT;

    /** A file, perhaps in another's directory. */
    InodeId wanted = InodeId.ROOT;

    SessionId session;
    Ahead ahead;
    final Deque<Waiting> waiting = new ArrayDeque<>();
    long sequence;
    long delivered;
    long firstInode;
    long inode;
    long serial;

    void applyOne() {
      LogEntry entry = entries.get(applied).entry;
      applied++;
      LogReply unused = engine.apply(entry, applied, tables, LocalEffects.NONE);
    }

    void register() {
      waiting.clear();
      sequence = 0;
      delivered = 0;
      session = new SessionId(append(new LogEntry.RegisterSession(node, EngineRig.NOW)).number());
      firstInode = reserve(NumberKind.INODE);
      inode = firstInode;
      serial = reserve(NumberKind.BLOCK_SERIAL);
      SessionId id = session;
      ahead =
          new Ahead(
              id,
              () -> new Now(tables.copy()),
              (request, forEver, progress) -> {
                Waiting sent = new Waiting(request, forEver, progress, new CompletableFuture<>());
                waiting.add(sent);
                return sent.answer;
              },
              broken::add);
    }

    private long reserve(NumberKind kind) {
      Request request = request(new Operation.ReserveNumbers(kind, 1 << 16));
      return append(new LogEntry.Batch(session, ++sequence, 0, List.of(request)))
          .replies()
          .get(0)
          .number();
    }

    /** Sends some of what waits, as one batch. */
    void ship(int count) {
      List<Waiting> batch = new ArrayList<>();
      long first = sequence + 1;
      while (batch.size() < count && !waiting.isEmpty()) {
        Waiting next = waiting.remove();
        next.progress.numbered(++sequence);
        batch.add(next);
      }
      if (batch.isEmpty()) {
        return;
      }
      List<Request> requests = batch.stream().map(Waiting::request).toList();
      LogEntry entry = new LogEntry.Batch(session, first, delivered, requests);
      LogReply reply = engine.apply(entry, entries.size() + 1, log, LocalEffects.NONE);
      assertThat(reply.status()).isEqualTo(LogReply.Status.OK);
      for (int i = 0; i < batch.size(); i++) {
        Request request = requests.get(i);
        if (request.standing() instanceof Standing.Ahead) {
          continue;
        }
        Reply said = reply.replies().get(i);
        if (said.errno() == Errno.LEASED) {
          continue; // it is made again by who sent it; that only leases refuse is LeaseModelTest's
        }
        assertThat(said).as("%s", request).isEqualTo(happens(session, request));
      }
      entries.add(new Entry(entry, this, session, batch, reply));
    }
  }

  /** A file, rather one whose bytes were written ahead of the log. */
  private InodeId written(Mount mount, Random random) {
    List<InodeId> files =
        mounts.stream()
            .flatMap(one -> one.waiting.stream())
            .map(sent -> sent.request.operation() instanceof Operation.Write write ? write : null)
            .filter(write -> write != null && write.blocks().isEmpty())
            .map(Operation.Write::inode)
            .toList();
    return files.isEmpty() ? inode(mount, random) : files.get(random.nextInt(files.size()));
  }

  /** Stores anew what lies in the tables or in blocks; nobody may notice. */
  private final class Mover {
    final SessionId session =
        new SessionId(append(new LogEntry.RegisterSession(node, EngineRig.NOW)).number());
    long sequence;
    long serial;

    Mover() {
      serial = apply(new Operation.ReserveNumbers(NumberKind.BLOCK_SERIAL, 1 << 16), true).number();
    }

    private Reply apply(Operation operation, boolean changesTruth) {
      LogEntry entry = new LogEntry.Batch(session, ++sequence, 0, List.of(request(operation)));
      if (changesTruth) {
        return append(entry).replies().get(0);
      }
      LogReply reply = engine.apply(entry, entries.size() + 1, log, LocalEffects.NONE);
      entries.add(new Entry(entry, null, null, List.of(), reply));
      return reply.replies().get(0);
    }

    void moveInline(Random random) {
      List<NewBlock> blocks = new ArrayList<>();
      for (InlineBlock block : InlineScan.oldest(log, 0, Long.MAX_VALUE)) {
        if (random.nextInt(3) == 0) {
          blocks.add(
              new NewBlock(block.block(), block.bytes().length, block.crc32c(), 1, List.of(node)));
        }
      }
      stored += (int) apply(new Operation.MoveInline(blocks), false).number();
    }

    /** Some extents of a file as tables show them, which may be old, packed into one block. */
    void relocate(MemoryStore seen, InodeId file, Random random) {
      List<Extent> from = new ArrayList<>();
      List<Extent> to = new ArrayList<>();
      BlockId block = BlockId.ofSerial(serial++);
      ByteBuffer bytes = ByteBuffer.allocate(1 << 10);
      for (Extent extent : Extents.find(seen, file.value(), 0, Long.MAX_VALUE)) {
        if (random.nextInt(6) > 0) {
          from.add(extent);
          Extent.append(to, new Extent(extent.offset(), extent.length(), block, bytes.position()));
          bytes.put(contents.get(extent.block()), extent.blockOffset(), (int) extent.length());
        }
      }
      if (to.isEmpty()) {
        return;
      }
      contents.put(block, Arrays.copyOf(bytes.array(), bytes.position()));
      NewBlock made = new NewBlock(block, bytes.position(), 5, 1, List.of(node));
      Reply reply = apply(new Operation.Relocate(file, from, to, List.of(made)), false);
      stored += reply.number() > 0 ? 1 : 0;
    }
  }

  private static Request request(Operation operation) {
    return new Request(operation, Caller.ROOT, EngineRig.NOW);
  }

  private Reply happens(SessionId session, Request request) {
    return OperationEngine.apply(
        session, new Granted(), request.with(Standing.ALONE), 1, truth, LocalEffects.NONE);
  }

  /** What every session has to see at once. */
  private LogReply append(LogEntry entry) {
    LogReply reply = engine.apply(entry, entries.size() + 1, log, LocalEffects.NONE);
    LogReply unused = engine.apply(entry, entries.size() + 1, truth, LocalEffects.NONE);
    entries.add(new Entry(entry, null, null, List.of(), reply));
    return reply;
  }

  private int deliveredEntries;

  /** Answers what all nodes have that answers wait for. */
  private void deliver() {
    while (deliveredEntries < entries.size()
        && mounts.stream().allMatch(mount -> !mount.fresh || mount.applied > deliveredEntries)) {
      Entry entry = entries.get(deliveredEntries++);
      if (entry.mount == null || !entry.session.equals(entry.mount.session)) {
        continue;
      }
      for (int i = 0; i < entry.waiting.size(); i++) {
        entry.mount.delivered++;
        entry.waiting.get(i).progress.concluded();
        entry.waiting.get(i).answer.complete(entry.reply.replies().get(i));
      }
    }
  }

  static LongStream seeds() {
    return LongStream.rangeClosed(1, Long.getLong("pando.ahead.seeds", 20));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatIsAnsweredAheadIsWhatHappens(long seed) throws Exception {
    Random random = new Random(seed);
    append(new LogEntry.Format(7, Caller.ROOT, EngineRig.NOW));
    node = new NodeId(append(new LogEntry.RegisterNode(0, "n", "a:1", "r", "b")).number());
    for (int i = 0; i < MOUNTS; i++) {
      Mount mount = new Mount();
      mounts.add(mount);
      mount.register();
    }
    mover = new Mover();
    for (Mount mount : mounts) {
      mount.home = new InodeId(mount.inode++);
      FileName name = EngineRig.name("home" + mount.home);
      CompletableFuture<Reply> unused =
          mount.ahead.submit(
              request(
                  new Operation.Create(
                      InodeId.ROOT, name, mount.home, FileType.DIRECTORY, 0755, 0, null, true)),
              false);
      settle();
    }
    for (int step = 0; step < STEPS; step++) {
      step(random);
      assertThat(broken).as("seed %s, step %s", seed, step).isEmpty();
    }
    settle();
    assertThat(broken).isEmpty();
    for (Table table : List.of(Table.INODES, Table.DENTRIES, Table.XATTRS, Table.LOCKS)) {
      assertThat(rows(log, table)).as("%s", table).isEqualTo(rows(truth, table));
    }
    for (InodeId file : CompactionStep.filesAfter(truth, 0, Integer.MAX_VALUE)) {
      assertThat(content(log, file)).as("%s", file).isEqualTo(content(truth, file));
    }
    assertThat(TableCheck.of(log).examples()).isEmpty();
    assertThat(stored).isGreaterThan(STEPS / 100);
    assertThat(read).isGreaterThan(STEPS / 100);
    assertThat(answeredAhead).isGreaterThan(STEPS / 80);
    assertThat(looked).isGreaterThan(STEPS / 50);
    assertThat(lockedAhead).isGreaterThan(STEPS / 400);
    assertThat(held).isPositive();
    assertThat(givenUp).isPositive();
  }

  private static List<String> rows(ReadStore store, Table table) {
    List<String> all = new ArrayList<>();
    try (ReadStore.Cursor rows = store.scan(table, new byte[0], null)) {
      while (rows.next()) {
        all.add(java.util.Arrays.toString(rows.key()) + java.util.Arrays.toString(rows.value()));
      }
    }
    return all;
  }

  private void settle() {
    mounts.forEach(mount -> mount.ship(Integer.MAX_VALUE));
    for (Mount mount : mounts) {
      while (mount.applied < entries.size()) {
        mount.applyOne();
      }
    }
    deliver();
  }

  private void step(Random random) throws Exception {
    Mount mount = mounts.get(random.nextInt(MOUNTS));
    switch (random.nextInt(22)) {
      case 0, 1, 2, 3 -> mount.ship(1 + random.nextInt(4));
      case 4, 5, 6, 7, 8 -> {
        for (int i = random.nextInt(4); i >= 0 && mount.applied < entries.size(); i--) {
          mount.applyOne();
        }
      }
      case 9 -> {
        if (random.nextInt(2) == 0) {
          settle();
        }
      }
      case 10 -> mount.fresh = random.nextInt(4) > 0 && mount.applied >= deliveredEntries;
      case 11 -> {
        if (random.nextInt(20) == 0) {
          expire(mount);
        } else {
          giveUp(mount, random);
        }
      }
      case 12, 13 -> {
        if (random.nextInt(3) == 0) {
          mover.moveInline(random);
        } else {
          mover.relocate(mount.tables, written(mount, random), random);
        }
      }
      default -> work(mount, random);
    }
    deliver();
    look(mounts.get(random.nextInt(MOUNTS)), random);
  }

  /** Some that wait are waited for no more: not sent any more, or the log answers them yet. */
  private void giveUp(Mount mount, Random random) {
    List<Waiting> late = new ArrayList<>();
    for (Waiting waiting : List.copyOf(mount.waiting)) {
      if (isGivenUp(waiting, random)) {
        mount.waiting.remove(waiting);
        waiting.progress.concluded();
        late.add(waiting);
      }
    }
    for (Entry entry : entries.subList(deliveredEntries, entries.size())) {
      if (entry.mount == mount) {
        entry.waiting.stream().filter(sent -> isGivenUp(sent, random)).forEach(late::add);
      }
    }
    late.forEach(waiting -> waiting.answer.complete(Reply.failed(Errno.EIO)));
    givenUp += late.size();
  }

  private static boolean isGivenUp(Waiting waiting, Random random) {
    return !waiting.forEver && random.nextInt(3) == 0;
  }

  /** What it has answered and not sent is lost; so is what happens after that in the truth. */
  private void expire(Mount mount) {
    append(new LogEntry.ExpireSession(mount.session));
    mount.register();
    truth = log.copy();
    for (Mount other : mounts) {
      for (Waiting sent : other.waiting) {
        if (sent.request.standing() instanceof Standing.Ahead) {
          assertThat(happens(other.session, sent.request).errno()).isEqualTo(Errno.OK);
        }
      }
    }
  }

  private void work(Mount mount, Random random) {
    Request request = request(draw(mount, random));
    Ahead.Attempt attempt = mount.ahead.answer(request);
    if (attempt.over() != null) {
      assertThat(attempt.over()).isNotDone();
      held++;
      return;
    }
    Reply ahead = attempt.reply();
    if (ahead != null) {
      answeredAhead += ahead.errno().isOk() ? 1 : 0;
      lockedAhead += request.operation() instanceof Operation.SetLock ? 1 : 0;
      assertThat(ahead).as("%s", request).isEqualTo(happens(mount.session, request));
      return;
    }
    SessionId asker = mount.session;
    CompletableFuture<Void> unused =
        mount
            .ahead
            .submit(request, false)
            .thenAccept(
                reply -> {
                  if (reply.errno() == Errno.LEASED && reply.number() != asker.value()) {
                    recall(reply);
                  }
                });
  }

  private void recall(Reply refusal) {
    for (Mount holder : mounts) {
      if (holder.session.value() == refusal.number()) {
        InodeId inode = refusal.attributes().inode();
        CompletableFuture<Reply> unused =
            holder.ahead.submit(request(new Operation.ReleaseLeases(List.of(inode))), false);
      }
    }
  }

  /** Who does not know a name does not know the number either, until its node has it. */
  private boolean knows(Mount mount, InodeId inode) {
    long number = inode.value();
    return Inode.find(mount.tables, number) != null
        || (number >= mount.firstInode && number < mount.inode);
  }

  /** Those that there are by the truth, removed ones too. */
  private List<InodeId> directories() {
    List<InodeId> all = new ArrayList<>();
    try (ReadStore.Cursor rows = truth.scan(Table.INODES, new byte[0], null)) {
      while (rows.next()) {
        Inode inode = Inode.decode(Keys.first(rows.key()), rows.value());
        if (inode.isDirectory()) {
          all.add(inode.id);
        }
      }
    }
    return all;
  }

  /** Mostly the mount's own: it shall have its lease for a while. */
  private InodeId directory(Mount mount, Random random) {
    List<InodeId> all = directories().stream().filter(one -> knows(mount, one)).toList();
    if (random.nextInt(8) > 0) {
      return mount.home;
    }
    return all.get(random.nextInt(all.size()));
  }

  private static FileName name(Random random) {
    return EngineRig.name("f" + random.nextInt(NAMES));
  }

  /** An inode that has a name by the truth, mostly. */
  private InodeId inode(Mount mount, Random random) {
    InodeId directory = directory(mount, random);
    List<DirectoryEntry> entries =
        list(truth, directory).stream().filter(entry -> knows(mount, entry.inode())).toList();
    return entries.isEmpty() ? directory : entries.get(random.nextInt(entries.size())).inode();
  }

  private static List<DirectoryEntry> list(ReadStore store, InodeId directory) {
    try {
      return new TableView(store, 0, () -> {}).readDirectory(directory, 0, 100);
    } catch (ErrnoException e) {
      return List.of();
    }
  }

  private Operation draw(Mount mount, Random random) {
    InodeId parent = directory(mount, random);
    FileName name = name(random);
    return switch (random.nextInt(27)) {
      case 0 -> new Operation.AcquireLease(random.nextBoolean() ? parent : inode(mount, random));
      case 1 -> {
        InodeId drawn = inode(mounts.get(random.nextInt(MOUNTS)), random);
        mount.wanted = knows(mount, drawn) ? drawn : mount.home;
        yield new Operation.AcquireLease(mount.wanted);
      }
      case 2 ->
          switch (random.nextInt(4)) {
            case 0 -> new Operation.ReleaseLeases(List.of(parent, inode(mount, random)));
            case 1, 2 -> new Operation.ReleaseLeases(List.of(mount.wanted));
            default -> new Operation.RemoveXattr(inode(mount, random), "user.a".getBytes(US_ASCII));
          };
      case 3, 4, 5 -> create(mount, parent, name, FileType.REGULAR, random);
      case 6 -> create(mount, parent, name, FileType.DIRECTORY, random);
      case 7, 8 -> new Operation.Unlink(parent, name);
      case 9 -> new Operation.RemoveDirectory(parent, name);
      case 10, 11 ->
          new Operation.Rename(
              parent,
              name,
              random.nextBoolean() ? parent : directory(mount, random),
              name(random),
              random.nextInt(3));
      case 12 -> new Operation.Link(inode(mount, random), parent, name);
      case 13 ->
          new Operation.SetAttributes(
              inode(mount, random), random.nextInt(01000), null, null, null, null, null);
      case 14 ->
          random.nextBoolean()
              ? new Operation.Accessed(
                  inode(mount, random), new Timestamp(1_800_000_000L + random.nextInt(1000), 0))
              : new Operation.SetXattr(
                  inode(mount, random),
                  "user.a".getBytes(US_ASCII),
                  new byte[] {(byte) random.nextInt()},
                  0);
      case 15, 16 ->
          new Operation.CopyRange(
              inode(mount, random),
              random.nextInt(9),
              inode(mount, random),
              random.nextInt(9),
              1 + random.nextInt(6));
      case 17, 18, 19, 20 -> DrawnLocks.draw(inode(mount, random), random);
      default -> write(mount, inode(mount, random), random);
    };
  }

  private Operation create(
      Mount mount, InodeId parent, FileName name, FileType type, Random random) {
    InodeId inode = new InodeId(mount.inode++);
    boolean leased = random.nextInt(3) > 0;
    return new Operation.Create(
        parent, name, inode, type, CreateMode.of(0755), 0, null, random.nextBoolean(), leased);
  }

  private Operation write(Mount mount, InodeId inode, Random random) {
    if (random.nextInt(6) == 0) {
      return new Operation.SetAttributes(
          inode, null, null, null, (long) random.nextInt(9), null, null);
    }
    BlockId block = BlockId.ofSerial(mount.serial++);
    InlineBlock bytes = EngineRig.inline(block, 4);
    contents.put(block, bytes.bytes());
    List<Extent> extents = new ArrayList<>();
    int at = random.nextInt(9);
    for (int i = random.nextInt(2); i >= 0; i--) {
      extents.add(new Extent(at, 1 + random.nextInt(3), block, random.nextInt(2)));
      at += 3 + random.nextInt(3);
    }
    return random.nextInt(4) > 0
        ? new Operation.Write(inode, extents, List.of(), List.of(bytes))
        : new Operation.Write(inode, extents, List.of(new NewBlock(block, 4, 5, 1, List.of(node))));
  }

  /** The bytes of a file, as far as extents of it go. */
  private String content(ReadStore store, InodeId file) {
    ByteBuffer bytes = ByteBuffer.allocate(32);
    long end = 0;
    for (Extent extent : Extents.find(store, file.value(), 0, Long.MAX_VALUE)) {
      assertThat(extent.offset()).as("extents overlap").isGreaterThanOrEqualTo(end);
      end = extent.end();
      byte[] block = contents.get(extent.block());
      byte[] inline = InlineScan.find(store, extent.block());
      if (inline != null) {
        assertThat(inline).isEqualTo(block);
      }
      bytes.put((int) extent.offset(), block, extent.blockOffset(), (int) extent.length());
    }
    return Arrays.toString(bytes.array());
  }

  private static boolean changesNothing(Entry entry) {
    // The end of a session takes its locks away.
    return !(entry.entry instanceof LogEntry.ExpireSession)
        && entry.waiting.stream().allMatch(AheadModelTest::changesNothing);
  }

  /** What comes of it was there before, or is nobody's to see. */
  private static boolean changesNothing(Waiting sent) {
    return sent.request.standing() instanceof Standing.Ahead
        || sent.request.operation() instanceof Operation.AcquireLease
        || sent.request.operation() instanceof Operation.ReleaseLeases;
  }

  /** While nothing that waits for the log is half done, a fresh mount sees the truth. */
  private void look(Mount mount, Random random) throws Exception {
    boolean isQuiet =
        entries.subList(deliveredEntries, entries.size()).stream()
            .allMatch(AheadModelTest::changesNothing);
    if (!mount.fresh || !isQuiet) {
      return;
    }
    TableView right = new TableView(truth, 0, () -> {});
    Seen look =
        mount.ahead.look(
            () -> new Now(mount.tables.copy()),
            (now, store, returning) ->
                new Seen(store, TableView.of(mount.session, returning, store, 0, () -> {})));
    TableView seen = look.view;
    for (InodeId directory : directories()) {
      if (!knows(mount, directory)) {
        continue;
      }
      List<DirectoryEntry> entries = list(truth, directory);
      looked += same(seen, right, view -> view.readDirectory(directory, 0, 100)) ? 1 : 0;
      for (DirectoryEntry entry : entries) {
        // Who does not know the name does not know the number either.
        if (same(seen, right, view -> view.lookup(directory, entry.name()))) {
          same(seen, right, view -> view.attributes(entry.inode()));
          same(seen, right, view -> view.xattrNames(entry.inode()).size());
          FileLock wanted = DrawnLocks.lock(mount.session, random);
          same(seen, right, view -> view.lockAgainst(entry.inode(), wanted));
          if (same(seen, right, view -> view.extents(entry.inode(), 0, 0))) {
            assertThat(content(look.store, entry.inode())).isEqualTo(content(truth, entry.inode()));
            read += InlineScan.oldest(look.store, 0, 1).size();
          }
        }
      }
    }
  }

  /** What a mount sees. */
  private record Seen(ReadStore store, TableView view) {}

  /** All but who has the lease, which is on its way like everything else. */
  private static String told(@Nullable Object found) {
    return String.valueOf(found).replaceAll("holder=.*", "");
  }

  private interface Look {
    @Nullable Object in(MetadataView view) throws ErrnoException;
  }

  /** Whether it was seen. */
  private static boolean same(MetadataView seen, MetadataView right, Look look) {
    @Nullable Object found;
    try {
      found = look.in(seen);
    } catch (ForeignLeaseException e) {
      return false;
    } catch (ErrnoException e) {
      found = e.errno();
    }
    @Nullable Object expected;
    try {
      expected = look.in(right);
    } catch (ErrnoException e) {
      expected = e.errno();
    }
    assertThat(told(found)).isEqualTo(told(expected));
    return true;
  }
}
