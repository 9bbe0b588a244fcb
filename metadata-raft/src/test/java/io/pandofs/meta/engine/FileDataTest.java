package io.pandofs.meta.engine;

import static io.pandofs.meta.engine.EngineRig.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.BlockId;
import io.pandofs.common.Compression;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.Extent;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.StoragePolicy;
import io.pandofs.meta.VolumeStats;
import io.pandofs.meta.log.LogEntry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FileDataTest {
  private final EngineRig rig = new EngineRig();
  private final InodeId file = rig.file("f");

  @Test
  void aWriteIntoTheMiddleSplitsAnExtentAndCountsItTwice() throws Exception {
    Operation.Write first = rig.write(file, 100, 50);
    rig.submit(first);
    Operation.Write second = rig.write(file, 110, 10);
    rig.submit(second);
    BlockId old = first.blocks().get(0).block();
    BlockId young = second.blocks().get(0).block();
    assertThat(rig.view().extents(file, 0, Long.MAX_VALUE))
        .containsExactly(
            new Extent(100, 10, old, 0),
            new Extent(110, 10, young, 0),
            new Extent(120, 30, old, 20));
    assertThat(rig.view().extents(file, 119, 120)).hasSize(1);
    assertThat(rig.view().extents(file, 0, 100)).isEmpty();
    assertThat(new ClusterView(rig.store).block(old).references()).isEqualTo(2);
    assertThat(rig.attributes(file).allocatedBytes()).isEqualTo(50);
    rig.told.clear();
    rig.submit(new Operation.SetAttributes(file, null, null, null, 0L, null, null));
    assertThat(rig.told).containsExactlyInAnyOrder("dropped " + old, "dropped " + young);
    assertThat(rig.view().stats().storedBytes()).isZero();
  }

  @Test
  void malformedCommitsAreRefused() {
    BlockId block = rig.nextBlock();
    NewBlock stored = rig.stored(block, 10);
    assertThat(write(List.of(), List.of())).isEqualTo(Errno.EINVAL);
    assertThat(write(List.of(new Extent(0, 11, block, 0)), List.of(stored)))
        .isEqualTo(Errno.EINVAL);
    assertThat(write(List.of(new Extent(0, 10, block, 1)), List.of(stored)))
        .isEqualTo(Errno.EINVAL);
    assertThat(write(List.of(new Extent(0, 10, block, -1)), List.of(stored)))
        .isEqualTo(Errno.EINVAL);
    assertThat(write(List.of(new Extent(-1, 10, block, 0)), List.of(stored)))
        .isEqualTo(Errno.EINVAL);
    Extent good = new Extent(5, 5, block, 0);
    assertThat(write(List.of(good, new Extent(9, 1, block, 5)), List.of(stored)))
        .isEqualTo(Errno.EINVAL);
    assertThat(write(List.of(good), List.of(stored, stored))).isEqualTo(Errno.EINVAL);
    assertThat(write(List.of(good), List.of(stored, rig.stored(rig.nextBlock(), 1))))
        .isEqualTo(Errno.EINVAL);
    assertThat(write(List.of(good), List.of())).isEqualTo(Errno.EINVAL);
    assertThat(write(List.of(new Extent(Long.MAX_VALUE - 3, 5, block, 0)), List.of(stored)))
        .isEqualTo(Errno.EFBIG);
    assertThat(write(List.of(new Extent(Long.MAX_VALUE - 5, 5, block, 0)), List.of(stored)))
        .isEqualTo(Errno.OK);
    assertThat(write(List.of(good), List.of(stored))).isEqualTo(Errno.EIO);
    BlockId foreign = BlockId.ofSerial(1L << 40);
    assertThat(write(List.of(new Extent(0, 1, foreign, 0)), List.of(rig.stored(foreign, 1))))
        .isEqualTo(Errno.EINVAL);
  }

  @Test
  void bytesComeWithTheWriteAndLeaveTheTablesForTheReplicas() throws Exception {
    Operation.Write write = rig.writeInline(file, 100, 50);
    InlineBlock block = write.inline().get(0);
    rig.told.clear();
    assertThat(rig.errno(write)).isEqualTo(Errno.OK);
    assertThat(rig.told).isEmpty();
    assertThat(rig.view().inline(block.block())).isEqualTo(block.bytes());
    assertThat(rig.view().stats()).isEqualTo(new VolumeStats(2, 50, 50));
    assertThat(rig.attributes(file).allocatedBytes()).isEqualTo(50);

    Operation.Write second = rig.write(file, 110, 10);
    assertThat(rig.errno(second)).isEqualTo(Errno.OK);
    assertThat(rig.view().inline(block.block())).isEqualTo(block.bytes());
    Attributes before = rig.attributes(file);
    rig.told.clear();
    Operation.MoveInline move = new Operation.MoveInline(List.of(moved(block, rig.node)));
    assertThat(rig.submit(move)).isEqualTo(new Reply(Errno.OK, null, 1));
    assertThat(rig.told).containsExactly("referenced " + block.block());
    assertThat(rig.view().inline(block.block())).isNull();
    assertThat(new ClusterView(rig.store).block(block.block()))
        .isEqualTo(new ClusterView.Block(block.block(), 50, block.crc32c(), 2, 40));
    assertThat(rig.view().stats()).isEqualTo(new VolumeStats(2, 60, 0));
    assertThat(rig.attributes(file)).isEqualTo(before);
    assertThat(rig.submit(move).number()).isZero();
    assertThat(TableCheck.of(rig.store).examples()).isEmpty();
  }

  @Test
  void whatIsNotTheSameOrHasTooFewWitnessesStaysInTheTables() {
    Operation.Write write = rig.writeInline(file, 0, 50);
    InlineBlock block = write.inline().get(0);
    rig.submit(write);
    NewBlock good = moved(block, rig.node);
    List<NewBlock> wrong =
        List.of(
            new NewBlock(block.block(), 49, block.crc32c(), 1, good.holders()),
            new NewBlock(block.block(), 50, block.crc32c() + 1, 1, good.holders()),
            new NewBlock(block.block(), 50, block.crc32c(), 9, good.holders()),
            moved(block, new NodeId(9)),
            moved(rig.writeInline(file, 0, 50).inline().get(0), rig.node));
    assertThat(rig.submit(new Operation.MoveInline(wrong)).number()).isZero();
    assertThat(rig.view().inline(block.block())).isEqualTo(block.bytes());
  }

  /** The log has a majority, which is not what such a volume's writer was promised. */
  @Test
  void whereAWriteCountsWithAllCopiesNoneIsInTheLogAlone() {
    rig.submit(rig.writeInline(file, 0, 50));
    assertThat(InlineScan.isWelcome(rig.store, 51)).isTrue();
    assertThat(InlineScan.isWelcome(rig.store, 50)).isFalse();
    rig.apply(
        new LogEntry.SetStoragePolicy(
            new StoragePolicy(3, StoragePolicy.WriteQuorum.ALL, Compression.NONE)));
    assertThat(InlineScan.isWelcome(rig.store, 51)).isFalse();
  }

  @Test
  void bytesThatNothingReferencesAreGoneAtOnce() {
    Operation.Write write = rig.writeInline(file, 0, 50);
    rig.submit(write);
    rig.told.clear();
    assertThat(rig.errno(rig.writeInline(file, 0, 50))).isEqualTo(Errno.OK);
    assertThat(rig.view().inline(write.inline().get(0).block())).isNull();
    assertThat(rig.view().stats()).isEqualTo(new VolumeStats(2, 50, 50));
    rig.submit(new Operation.SetAttributes(file, null, null, null, 0L, null, null));
    assertThat(rig.view().stats()).isEqualTo(new VolumeStats(2, 0, 0));
    assertThat(rig.told).isEmpty();
    assertThat(rig.store.scan(Table.INLINE, new byte[0], null).next()).isFalse();
  }

  @Test
  void malformedBytesAreRefused() {
    Operation.Write good = rig.writeInline(file, 0, 50);
    InlineBlock block = good.inline().get(0);
    assertThat(inline(good, List.of(block, block))).isEqualTo(Errno.EINVAL);
    byte[] other = block.bytes().clone();
    other[7]++;
    assertThat(inline(good, List.of(new InlineBlock(block.block(), other, block.crc32c()))))
        .isEqualTo(Errno.EIO);
    InlineBlock large = EngineRig.inline(block.block(), InlineBlock.BYTES_MAX + 1);
    assertThat(inline(good, List.of(large))).isEqualTo(Errno.EINVAL);
    InlineBlock none = EngineRig.inline(block.block(), 0);
    assertThat(inline(good, List.of(none))).isEqualTo(Errno.EINVAL);
    BlockId foreign = BlockId.ofSerial(1L << 40);
    assertThat(
            rig.errno(
                new Operation.Write(
                    file,
                    List.of(new Extent(0, 1, foreign, 0)),
                    List.of(),
                    List.of(EngineRig.inline(foreign, 1)))))
        .isEqualTo(Errno.EINVAL);
    assertThat(rig.errno(good)).isEqualTo(Errno.OK);
    assertThat(rig.errno(good)).isEqualTo(Errno.EIO);
  }

  private Errno inline(Operation.Write like, List<InlineBlock> blocks) {
    return rig.errno(new Operation.Write(file, like.extents(), List.of(), blocks));
  }

  private static NewBlock moved(InlineBlock block, NodeId holder) {
    return new NewBlock(block.block(), block.bytes().length, block.crc32c(), 1, List.of(holder));
  }

  /** Also one behind numbers that were looked for before. */
  @Test
  void numbersEndWhereTheRangeEnds() {
    long first = rig.submit(new Operation.ReserveNumbers(NumberKind.BLOCK_SERIAL, 2)).number();
    List<Request> requests = new ArrayList<>();
    for (long serial = first; serial < first + 3; serial++) {
      BlockId block = BlockId.ofSerial(serial);
      Operation write =
          new Operation.Write(
              file,
              List.of(new Extent(0, 1, block, 0)),
              List.of(),
              List.of(EngineRig.inline(block, 1)));
      requests.add(new Request(write, rig.caller, rig.now));
    }
    assertThat(rig.submit(requests).stream().map(Reply::errno))
        .containsExactly(Errno.OK, Errno.OK, Errno.EINVAL);
  }

  @Test
  void aCommitNeedsAMajorityOfThePresentReplicas() {
    rig.addNode("b:1");
    rig.addNode("c:1");
    NodeId one = new NodeId(1);
    assertThat(commit(1, List.of(one))).isEqualTo(Errno.ESTALE);
    assertThat(commit(1, List.of(one, one))).isEqualTo(Errno.ESTALE);
    assertThat(commit(1, List.of(one, new NodeId(9)))).isEqualTo(Errno.ESTALE);
    assertThat(commit(9, List.of(one, new NodeId(2)))).isEqualTo(Errno.ESTALE);
    assertThat(commit(1, List.of(one, new NodeId(2)))).isEqualTo(Errno.OK);
    rig.apply(new LogEntry.RemoveNode(new NodeId(2)));
    rig.addNode("d:1");
    assertThat(commit(3, List.of(one, new NodeId(2)))).isEqualTo(Errno.ESTALE);
    assertThat(commit(3, List.of(one, new NodeId(3)))).isEqualTo(Errno.OK);
  }

  @Test
  void reapingGoesInBoundedStepsAndLeavesLiveFilesAlone() throws Exception {
    for (int i = 0; i < 600; i++) {
      rig.submit(rig.write(file, 10L * i, 5));
    }
    LogEntry.Reap reap = new LogEntry.Reap(List.of(file), Long.MAX_VALUE);
    assertThat(rig.apply(reap).number()).isZero();
    assertThat(rig.attributes(file).links()).isEqualTo(1);
    rig.submit(new Operation.Unlink(InodeId.ROOT, name("f")));
    assertThat(new ClusterView(rig.store).orphansAfter(0, 9))
        .containsExactly(new ClusterView.Orphan(file, rig.index()));
    rig.told.clear();
    assertThat(rig.apply(reap).number()).isEqualTo(1);
    assertThat(rig.told).hasSize(Reaper.ROWS_MAX);
    assertThat(rig.attributes(file).allocatedBytes()).isEqualTo(5 * (600 - Reaper.ROWS_MAX));
    assertThat(rig.apply(reap).number()).isEqualTo(1);
    assertThat(rig.apply(reap).number()).isZero();
    assertThat(rig.view().stats().inodes()).isEqualTo(1);
    assertThat(rig.view().stats().storedBytes()).isZero();
    assertThat(rig.apply(reap).number()).isZero();
  }

  private InodeId unnamed() {
    InodeId inode = new InodeId(file.value() + 50);
    assertThat(
            rig.submit(
                    new Operation.CreateUnnamed(
                        InodeId.ROOT, inode, CreateMode.of(0600), true, false))
                .errno())
        .isEqualTo(Errno.OK);
    return inode;
  }

  /** Its mount's session may have ended, and another have taken it up again. */
  @Test
  void whatIsHalfFreedGetsNoName() {
    InodeId unnamed = unnamed();
    for (int i = 0; i < 300; i++) {
      rig.submit(rig.write(unnamed, 10L * i, 5));
    }
    LogEntry.Reap reap = new LogEntry.Reap(List.of(unnamed), rig.index());
    assertThat(rig.apply(reap).number()).isEqualTo(1);
    Operation link = new Operation.Link(unnamed, InodeId.ROOT, name("late"));
    assertThat(rig.submit(link).errno()).isEqualTo(Errno.ENOENT);
    assertThat(rig.apply(reap).number()).isZero();
    assertThat(rig.submit(link).errno()).isEqualTo(Errno.ESTALE);
  }

  @Test
  void whatHadANameSinceItWasLookedAtIsNotFreed() {
    InodeId unnamed = unnamed();
    LogEntry.Reap reap = new LogEntry.Reap(List.of(unnamed), rig.index());
    rig.submit(new Operation.Link(unnamed, InodeId.ROOT, name("g")));
    rig.submit(new Operation.Unlink(InodeId.ROOT, name("g")));
    assertThat(rig.apply(reap).number()).isZero();
    assertThat(new ClusterView(rig.store).orphansAfter(0, 9)).hasSize(1);
    rig.apply(new LogEntry.Reap(List.of(unnamed), rig.index()));
    assertThat(new ClusterView(rig.store).orphansAfter(0, 9)).isEmpty();
  }

  @Test
  void xattrsHaveLinuxsLimits() {
    assertThat(xattr(new byte[0], 0)).isEqualTo(Errno.ERANGE);
    assertThat(xattr(letters(256, 0), 0)).isEqualTo(Errno.ERANGE);
    assertThat(xattr(letters(255, 0), 65_537)).isEqualTo(Errno.E2BIG);
    for (int i = 0; i < 256; i++) {
      assertThat(xattr(letters(255, i), i == 0 ? 65_536 : 0)).isEqualTo(Errno.OK);
    }
    assertThat(xattr(letters(255, 256), 0)).isEqualTo(Errno.ENOSPC);
    assertThat(xattr(letters(255, 0), 1)).isEqualTo(Errno.OK);
  }

  @Test
  void xattrNamesAreJudgedAsLinuxDoesForSettingReadingAndRemoving() throws Exception {
    expectName("user.", Errno.EINVAL);
    expectName("trusted.", Errno.EINVAL);
    expectName("security.", Errno.EINVAL);
    expectName("system.", Errno.EOPNOTSUPP);
    expectName("user.a\0b", Errno.EINVAL);
    expectName("nospace", Errno.EOPNOTSUPP);
    expectName("users.a", Errno.EOPNOTSUPP);
    expectName("", Errno.ERANGE);
    assertThat(xattr("user.é".getBytes(StandardCharsets.UTF_8), 3)).isEqualTo(Errno.OK);
    assertThat(rig.view().xattr(file, "user.é".getBytes(StandardCharsets.UTF_8))).hasSize(3);
  }

  private void expectName(String text, Errno expected) {
    byte[] name = text.getBytes(StandardCharsets.UTF_8);
    assertThat(xattr(name, 1)).as(text).isEqualTo(expected);
    assertThat(rig.errno(new Operation.RemoveXattr(file, name))).as(text).isEqualTo(expected);
    assertThatThrownBy(() -> rig.view().xattr(file, name))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).as(text).isEqualTo(expected));
  }

  @Test
  void aReadMovesAtimeAloneAndSettingAtimeByHandMovesCtime() throws Exception {
    Attributes before = rig.attributes(file);
    rig.now = new Timestamp(EngineRig.NOW.seconds() + 100, 5);
    Timestamp read = new Timestamp(EngineRig.NOW.seconds() + 50, 1);
    assertThat(rig.errno(new Operation.Accessed(file, read))).isEqualTo(Errno.OK);
    Attributes after = rig.attributes(file);
    assertThat(after.accessed()).isEqualTo(read);
    assertThat(after.changed()).isEqualTo(before.changed());
    assertThat(after.modified()).isEqualTo(before.modified());
    rig.now = Timestamp.EPOCH;
    rig.submit(new Operation.SetAttributes(file, null, null, null, null, read, null));
    assertThat(rig.attributes(file).changed()).isEqualTo(before.changed().next());
  }

  private Errno xattr(byte[] name, int valueLength) {
    return rig.errno(new Operation.SetXattr(file, name, new byte[valueLength], 0));
  }

  private static byte[] letters(int length, int which) {
    byte[] name = new byte[length];
    Arrays.fill(name, (byte) 'x');
    byte[] start = ("user." + which).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(start, 0, name, 0, start.length);
    return name;
  }

  private Errno commit(long epoch, List<NodeId> holders) {
    BlockId block = rig.nextBlock();
    return write(
        List.of(new Extent(0, 1, block, 0)), List.of(new NewBlock(block, 1, 0, epoch, holders)));
  }

  private Errno write(List<Extent> extents, List<NewBlock> blocks) {
    return rig.errno(new Operation.Write(file, extents, blocks));
  }
}
