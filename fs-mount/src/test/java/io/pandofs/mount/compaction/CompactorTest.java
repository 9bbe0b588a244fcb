package io.pandofs.mount.compaction;

import static io.pandofs.mount.vfs.Volume.USER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.block.Blocks;
import io.pandofs.block.StoredBlock;
import io.pandofs.block.replication.ForegroundReads;
import io.pandofs.block.replication.Pace;
import io.pandofs.common.BlockId;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.Extent;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import io.pandofs.mount.vfs.Capacity;
import io.pandofs.mount.vfs.OpenFlags;
import io.pandofs.mount.vfs.TestClock;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class CompactorTest {
  private static final int BYTES = 2 << 20;
  private static final int PAGE = 4096;

  private final Volume volume = new Volume();
  private final Vfs writer = volume.mount();
  private final Vfs reader = volume.mount();
  private final TestClock clock = new TestClock();
  private final List<MetadataSession> sessions = new ArrayList<>();
  private boolean ours = true;
  private long free = 1L << 40;

  /** Is run when the compactor's next copy is on the disks, before the log is told. */
  private Runnable onPut = () -> {};

  /** Blocks that nobody has a good copy of. */
  private Predicate<BlockId> unreadable = block -> false;

  private final Compactor compactor =
      new Compactor(
          volume.tree().files(() -> ours),
          () -> {
            MetadataSession session = volume.tree().newSession();
            sessions.add(session);
            return session;
          },
          new Watched(volume.blocks()),
          () -> new Capacity.Space(1L << 40, free),
          clock,
          new Pace(1L << 60, new ForegroundReads(), clock.nanoTime()));

  private final byte[] expected = new byte[BYTES];
  private final Random random = new Random(20);
  private InodeId file = InodeId.ROOT;
  private long handle;

  private final class Watched implements Blocks {
    private final Blocks blocks;

    Watched(Blocks blocks) {
      this.blocks = blocks;
    }

    @Override
    public CompletableFuture<StoredBlock> put(SessionId session, BlockId block, ByteBuffer bytes) {
      CompletableFuture<StoredBlock> put = blocks.put(session, block, bytes);
      onPut.run();
      return put;
    }

    @Override
    public CompletableFuture<Void> read(BlockId block, int offset, ByteBuffer into) {
      return unreadable.test(block)
          ? CompletableFuture.failedFuture(new IOException("planted"))
          : blocks.read(block, offset, into);
    }
  }

  @AfterEach
  void end() {
    compactor.close();
    volume.close();
  }

  private void create() throws ErrnoException {
    create("f");
  }

  private void create(String name) throws ErrnoException {
    var opened =
        writer
            .files()
            .create(
                USER,
                InodeId.ROOT,
                FileName.ofText(name),
                CreateMode.of(0644),
                OpenFlags.READ_WRITE);
    file = opened.attributes().inode();
    handle = opened.handle();
    random.nextBytes(expected);
    write(0, BYTES);
  }

  /** Writes new bytes and syncs them. */
  private void write(int at, int length) throws ErrnoException {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    System.arraycopy(bytes, 0, expected, at, length);
    writer.files().write(USER, handle, at, ByteBuffer.wrap(bytes));
    writer.files().fsync(handle);
    compactor.replaced(List.of(file));
  }

  private void overwrite(int times) throws ErrnoException {
    for (int i = 0; i < times; i++) {
      write(random.nextInt(BYTES / PAGE) * PAGE, PAGE);
    }
  }

  /** Another mount looks at a file: the lease goes back. */
  private void giveBack(InodeId leased) throws ErrnoException {
    var unused = reader.namespace().attributes(leased);
  }

  private void requireRight() throws ErrnoException {
    for (Vfs vfs : List.of(writer, volume.mount())) {
      long reader = vfs.files().open(USER, file, OpenFlags.READ_ONLY).handle();
      ByteBuffer read = ByteBuffer.allocate(BYTES + 1);
      vfs.files().read(reader, 0, read);
      vfs.files().release(reader);
      assertThat(Arrays.copyOf(read.array(), read.position())).isEqualTo(expected);
    }
  }

  private List<Extent> extentsOf(InodeId inode) throws ErrnoException {
    try (MetadataView view = volume.tree().view()) {
      return view.extents(inode, 0, Long.MAX_VALUE);
    }
  }

  private long stored() {
    return volume.tree().stats().storedBytes();
  }

  private void rest() {
    clock.pass(Compactor.AT_REST);
    compactor.round();
  }

  @Test
  void whatIsOverwrittenAllOverTakesItsOwnSpaceAgainWhenItRests() throws Exception {
    create();
    overwrite(2000);
    assertThat(stored()).isGreaterThan(BYTES * 5L / 4);
    assertThat(extentsOf(file)).hasSizeGreaterThan(300);
    requireRight();
    rest();
    assertThat(stored()).isEqualTo(BYTES);
    assertThat(extentsOf(file)).hasSize(1);
    requireRight();
    long moved = compactor.movedBytes();
    assertThat(moved).isEqualTo(BYTES);
    rest();
    assertThat(compactor.movedBytes()).as("nothing is left to do").isEqualTo(moved);
  }

  /** Each sync makes one block of sixteen pages, which then die one by one. */
  private void overwriteInBatches(int batches) throws ErrnoException {
    for (int i = 0; i < batches; i++) {
      for (int j = 0; j < 16; j++) {
        byte[] bytes = new byte[PAGE];
        random.nextBytes(bytes);
        int at = random.nextInt(BYTES / PAGE) * PAGE;
        System.arraycopy(bytes, 0, expected, at, PAGE);
        writer.files().write(USER, handle, at, ByteBuffer.wrap(bytes));
      }
      writer.files().fsync(handle);
      compactor.replaced(List.of(file));
    }
  }

  /** What one look makes thin, by moving most of a block's bytes in a row, the next one takes. */
  @Test
  void whileAFileIsWrittenItsSpaceStaysBounded() throws Exception {
    create();
    long most = 0;
    for (int i = 0; i < 40; i++) {
      overwriteInBatches(6);
      ours = i >= 20;
      clock.pass(Compactor.BUSY);
      compactor.round();
      requireRight();
      if (ours) {
        assertThat(stored()).isLessThan(BYTES * 3);
      } else {
        most = Math.max(most, stored());
      }
    }
    assertThat(most).as("without compaction").isGreaterThan(BYTES * 7 / 2);
  }

  /** A file whose block nobody has, among others. */
  @Test
  void oneThatCannotBeReadKeepsNobodyElseFromHisTurn() throws Exception {
    for (int i = 0; i < 3; i++) {
      giveBack(file);
      create("f" + i);
      overwrite(500);
    }
    List<Extent> bad = extentsOf(file);
    unreadable = block -> bad.stream().anyMatch(extent -> extent.block().equals(block));
    giveBack(file);
    create("g");
    overwrite(500);
    giveBack(file);
    long before = stored();
    ours = false;
    rest();
    ours = true;
    for (int i = 0; i < 8; i++) {
      compactor.round();
      clock.pass(Compactor.AFTER_FAULT);
    }
    assertThat(compactor.movedBytes()).isEqualTo(3L * BYTES);
    assertThat(stored()).isLessThan(before);
    unreadable = block -> false;
    for (int i = 0; i < 40; i++) {
      clock.pass(Compactor.AFTER_FAULT);
      compactor.round();
    }
    assertThat(compactor.movedBytes()).isEqualTo(4L * BYTES);
    assertThat(stored()).isEqualTo(4L * BYTES);
  }

  @Test
  void aSessionWithManyCopiesThatCameTooLateEnds() throws Exception {
    create();
    onPut =
        () -> {
          try {
            write(0, BYTES);
            overwrite(400);
          } catch (ErrnoException e) {
            throw new IllegalStateException(e);
          }
        };
    overwrite(400);
    for (int i = 0; sessions.size() < 2; i++) {
      assertThat(i * (long) BYTES).isLessThan(2 * BackgroundSession.WASTED_MAX);
      rest();
    }
    assertThat(compactor.movedBytes()).isZero();
    assertThat(sessions.get(0).expired()).isDone();
    requireRight();
  }

  @Test
  void filesThatAreTooManyToKeepInMindAreFoundByAnotherWalk() throws Exception {
    compactor.round();
    List<InodeId> many = new ArrayList<>();
    for (int i = 0; i < Compactor.TOLD_MAX; i++) {
      many.add(new InodeId(1_000_000L + i));
    }
    compactor.replaced(many);
    create();
    overwrite(500);
    rest();
    rest();
    assertThat(stored()).isEqualTo(BYTES);
  }

  @Test
  void aFileThatNobodyToldOfIsFoundByTheWalk() throws Exception {
    create();
    overwrite(500);
    ours = false;
    rest();
    assertThat(compactor.movedBytes()).isZero();
    ours = true;
    compactor.round();
    assertThat(stored()).isEqualTo(BYTES);
    requireRight();
  }

  @Test
  void whatIsWrittenWhileItIsCopiedIsNotUndone() throws Exception {
    create();
    overwrite(600);
    onPut =
        () -> {
          try {
            overwrite(50);
            writer.files().truncate(USER, handle, BYTES / 2);
            Arrays.fill(expected, BYTES / 2, BYTES, (byte) 0);
            writer.files().truncate(USER, handle, BYTES);
            overwrite(1);
          } catch (ErrnoException e) {
            throw new IllegalStateException(e);
          }
        };
    rest();
    requireRight();
    onPut = () -> {};
    rest();
    requireRight();
    assertThat(stored()).isLessThan(BYTES);
  }

  @Test
  void afterAFaultItIsTriedAgain() throws Exception {
    create();
    overwrite(500);
    volume.blocks().failPuts(1);
    rest();
    assertThat(compactor.movedBytes()).isZero();
    requireRight();
    compactor.round();
    assertThat(compactor.movedBytes()).as("not at once").isZero();
    clock.pass(Compactor.AFTER_FAULT);
    volume.blocks().misplacePuts(1);
    rest();
    assertThat(compactor.movedBytes()).isZero();
    clock.pass(Compactor.AFTER_FAULT);
    volume.blocks().failReads(1);
    rest();
    assertThat(compactor.movedBytes()).isZero();
    requireRight();
    clock.pass(Compactor.AFTER_FAULT.multipliedBy(4));
    rest();
    assertThat(stored()).isEqualTo(BYTES);
    requireRight();
  }

  /** New copies come before the old ones go: on nodes that are nearly full they wait. */
  @Test
  void nodesAreNotFilledUp() throws Exception {
    free = 4L * BYTES;
    for (int i = 0; i < 6; i++) {
      create("f" + i);
      overwrite(500);
      giveBack(file);
    }
    rest();
    assertThat(compactor.movedBytes()).isZero();
    free = 16L << 20;
    rest();
    clock.pass(Compactor.FREE_EVERY);
    rest();
    assertThat(compactor.movedBytes()).isEqualTo(BYTES);
    for (int i = 1; i < 6; i++) {
      compactor.round();
      assertThat(compactor.movedBytes()).isEqualTo((long) i * BYTES);
      clock.pass(Compactor.FREE_EVERY);
    }
    compactor.round();
    assertThat(stored()).isEqualTo(6L * BYTES);
    requireRight();
  }

  @Test
  void aSessionThatEndsOnTheWayTakesNothingWithIt() throws Exception {
    create();
    overwrite(500);
    onPut = () -> volume.tree().expire(sessions.get(sessions.size() - 1).id());
    rest();
    assertThat(compactor.movedBytes()).isZero();
    requireRight();
    onPut = () -> {};
    clock.pass(Compactor.AFTER_FAULT);
    rest();
    assertThat(sessions).hasSize(2);
    assertThat(stored()).isEqualTo(BYTES);
    requireRight();
  }

  @Test
  void itsSessionEndsWhenAnotherNodeIsTheOneOrNothingIsToDo() throws Exception {
    compactor.round();
    assertThat(sessions).isEmpty();
    create();
    overwrite(500);
    rest();
    assertThat(sessions).hasSize(1);
    assertThat(sessions.get(0).expired()).isNotDone();
    clock.pass(BackgroundSession.IDLE);
    compactor.round();
    assertThat(sessions.get(0).expired()).isDone();
    overwrite(500);
    rest();
    assertThat(sessions).hasSize(2);
    ours = false;
    compactor.round();
    assertThat(sessions.get(1).expired()).isDone();
  }

  /** What its holder cuts ahead of the log it cuts where extents begin and end. */
  @Test
  void smallExtentsAreJoinedWhenTheLeaseIsGivenBack() throws Exception {
    create();
    overwrite(500);
    rest();
    assertThat(stored()).as("dead bytes go").isLessThan(BYTES * 5 / 4);
    assertThat(extentsOf(file)).hasSizeGreaterThan(200);
    giveBack(file);
    clock.pass(Compactor.BUSY);
    rest();
    assertThat(extentsOf(file)).hasSize(1);
    requireRight();
  }

  @Test
  void bytesInTheTablesAreJoinedToo() throws Exception {
    volume.tree().takesInline(true);
    create();
    overwrite(500);
    for (int i = 0; i < 20; i++) {
      write(random.nextInt(BYTES / PAGE) * PAGE + 1000, 100);
    }
    assertThat(inline()).isGreaterThan(200 * PAGE);
    giveBack(file);
    rest();
    assertThat(extentsOf(file)).hasSize(1);
    assertThat(inline()).isZero();
    assertThat(stored()).isEqualTo(BYTES);
    requireRight();
  }

  private long inline() throws ErrnoException {
    try (MetadataView view = volume.tree().view()) {
      return view.stats().inlineBytes();
    }
  }

  @Test
  void anUnlinkedFileThatIsOpenIsCompactedToo() throws Exception {
    create();
    overwrite(500);
    writer.namespace().unlink(USER, InodeId.ROOT, FileName.ofText("f"));
    // A lease would keep the file too.
    giveBack(file);
    rest();
    assertThat(compactor.movedBytes()).isEqualTo(BYTES);
    assertThat(extentsOf(file)).hasSize(1);
    writer.files().release(handle);
    await()
        .untilAsserted(
            () -> {
              volume.tree().reap();
              assertThat(stored()).isZero();
            });
    compactor.replaced(List.of(file));
    rest();
  }
}
