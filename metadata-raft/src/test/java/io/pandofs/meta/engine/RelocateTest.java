package io.pandofs.meta.engine;

import static io.pandofs.meta.engine.EngineRig.name;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Extent;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.log.LogEntry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RelocateTest {
  private final EngineRig rig = new EngineRig();
  private final InodeId file = rig.file("f");

  private List<Extent> extents() throws Exception {
    return rig.view().extents(file, 0, Long.MAX_VALUE);
  }

  private BlockId written(long offset, int length) {
    Operation.Write write = rig.write(file, offset, length);
    assertThat(rig.errno(write)).isEqualTo(Errno.OK);
    return write.blocks().get(0).block();
  }

  private Operation.Relocate together(BlockId into, List<Extent> from, List<Extent> to) {
    int bytes = (int) from.stream().mapToLong(Extent::length).sum();
    return new Operation.Relocate(file, from, to, List.of(rig.stored(into, bytes)));
  }

  @Test
  void manySmallExtentsBecomeOneAndNothingElseChanges() throws Exception {
    for (int i = 0; i < 4; i++) {
      written(10L * i, 10);
    }
    Attributes before = rig.attributes(file);
    List<Extent> from = extents();
    BlockId into = rig.nextBlock();
    rig.told.clear();
    Reply reply = rig.submit(together(into, from, List.of(new Extent(0, 40, into, 0))));
    assertThat(reply).isEqualTo(new Reply(Errno.OK, null, 40));
    assertThat(extents()).containsExactly(new Extent(0, 40, into, 0));
    assertThat(rig.attributes(file)).isEqualTo(before);
    assertThat(rig.told).contains("referenced " + into).hasSize(5);
    from.forEach(extent -> assertThat(rig.told).contains("dropped " + extent.block()));
    assertThat(rig.view().stats().storedBytes()).isEqualTo(40);
  }

  @Test
  void whatWasWrittenMeanwhileStays() throws Exception {
    BlockId old = written(100, 50);
    List<Extent> seen = extents();
    BlockId young = written(110, 10);
    BlockId into = rig.nextBlock();
    Reply reply = rig.submit(together(into, seen, List.of(new Extent(100, 50, into, 0))));
    assertThat(reply.number()).isEqualTo(40);
    assertThat(extents())
        .containsExactly(
            new Extent(100, 10, into, 0),
            new Extent(110, 10, young, 0),
            new Extent(120, 30, into, 20));
    assertThat(new ClusterView(rig.store).block(old)).isNull();
    assertThat(new ClusterView(rig.store).block(into).references()).isEqualTo(2);
  }

  @Test
  void theSameBlockAtAnotherPlaceIsNotTheSameBytes() throws Exception {
    BlockId block = rig.nextBlock();
    rig.submit(
        new Operation.Write(
            file,
            List.of(new Extent(0, 10, block, 0), new Extent(10, 10, block, 5)),
            List.of(rig.stored(block, 20))));
    List<Extent> before = extents();
    BlockId into = rig.nextBlock();
    List<Extent> wrong = List.of(new Extent(0, 10, block, 1), new Extent(10, 10, block, 10));
    Reply reply = rig.submit(together(into, wrong, List.of(new Extent(0, 20, into, 0))));
    assertThat(reply.number()).isZero();
    assertThat(extents()).isEqualTo(before);
  }

  @Test
  void aBlockThatNothingMovesToIsNoneOfTheVolumes() throws Exception {
    written(0, 10);
    List<Extent> seen = extents();
    rig.submit(new Operation.SetAttributes(file, null, null, null, 0L, null, null));
    BlockId into = rig.nextBlock();
    rig.told.clear();
    assertThat(rig.submit(together(into, seen, List.of(new Extent(0, 10, into, 0)))).number())
        .isZero();
    assertThat(rig.told).isEmpty();
    assertThat(new ClusterView(rig.store).block(into)).isNull();
    assertThat(extents()).isEmpty();
    assertThat(rig.attributes(file).sizeBytes()).isZero();
  }

  @Test
  void anotherSessionsLeaseDoesNotStandInTheWay() throws Exception {
    written(0, 10);
    SessionId other =
        new SessionId(rig.apply(new LogEntry.RegisterSession(rig.node, EngineRig.NOW)).number());
    rig.apply(
        new LogEntry.Batch(
            other,
            1,
            0,
            List.of(new Request(new Operation.AcquireLease(file), rig.caller, EngineRig.NOW))));
    assertThat(rig.errno(rig.write(file, 0, 10))).isEqualTo(Errno.LEASED);
    BlockId into = rig.nextBlock();
    assertThat(rig.submit(together(into, extents(), List.of(new Extent(0, 10, into, 0)))).number())
        .isEqualTo(10);
    assertThat(rig.attributes(file).holder()).isEqualTo(other);
  }

  /** Its holder may have cut them ahead of the log, where they begin and end now. */
  @Test
  void underAnothersLeaseExtentsKeepTheirBounds() throws Exception {
    written(0, 10);
    written(10, 10);
    BlockId last = written(20, 10);
    SessionId other =
        new SessionId(rig.apply(new LogEntry.RegisterSession(rig.node, EngineRig.NOW)).number());
    rig.apply(
        new LogEntry.Batch(
            other,
            1,
            0,
            List.of(
                new Request(new Operation.AcquireLease(InodeId.ROOT), rig.caller, EngineRig.NOW))));
    List<Extent> seen = new ArrayList<>(extents());
    seen.set(2, seen.get(2).part(20, 25));
    BlockId into = rig.nextBlock();
    Reply moved = rig.submit(together(into, seen, List.of(new Extent(0, 25, into, 0))));
    assertThat(moved.number()).isEqualTo(20);
    assertThat(extents())
        .containsExactly(
            new Extent(0, 10, into, 0), new Extent(10, 10, into, 10), new Extent(20, 10, last, 0));
  }

  @Test
  void whatMakesNoSenseIsRefusedAndChangesNothing() throws Exception {
    written(0, 10);
    List<Extent> seen = extents();
    BlockId into = rig.nextBlock();
    List<Extent> to = List.of(new Extent(0, 10, into, 0));
    assertThat(errno(seen, to, rig.stored(into, 9))).isEqualTo(Errno.EINVAL);
    assertThat(errno(List.of(seen.get(0), seen.get(0)), to, rig.stored(into, 10)))
        .isEqualTo(Errno.EINVAL);
    assertThat(errno(seen, List.of(), rig.stored(into, 10))).isEqualTo(Errno.EINVAL);
    assertThat(errno(seen, to, new NewBlock(into, 10, 0, 9, List.of(rig.node))))
        .isEqualTo(Errno.ESTALE);
    assertThat(errno(seen, to, new NewBlock(into, 10, 0, 1, List.of(new NodeId(9)))))
        .isEqualTo(Errno.ESTALE);
    BlockId foreign = BlockId.ofSerial(1L << 40);
    assertThat(errno(seen, List.of(new Extent(0, 10, foreign, 0)), rig.stored(foreign, 10)))
        .isEqualTo(Errno.EINVAL);
    BlockId used = seen.get(0).block();
    assertThat(errno(seen, List.of(new Extent(0, 10, used, 0)), rig.stored(used, 10)))
        .isEqualTo(Errno.EIO);
    assertThat(extents()).isEqualTo(seen);
    rig.submit(new Operation.Unlink(InodeId.ROOT, name("f")));
    rig.apply(new LogEntry.Reap(List.of(file), Long.MAX_VALUE));
    assertThat(errno(seen, to, rig.stored(into, 10))).isEqualTo(Errno.ESTALE);
  }

  private Errno errno(List<Extent> from, List<Extent> to, NewBlock block) {
    return rig.errno(new Operation.Relocate(file, from, to, List.of(block)));
  }
}
