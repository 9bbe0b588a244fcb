package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.meta.CompactableFiles.Step;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileType;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CompactionStepTest {
  private static final int MIB = 1 << 20;
  private final EngineRig rig = new EngineRig();
  private final InodeId file = rig.file("f");

  private BlockId write(long offset, int length) {
    Operation.Write write = rig.write(file, offset, length);
    assertThat(rig.errno(write)).isEqualTo(Errno.OK);
    return write.blocks().get(0).block();
  }

  private Step step(long from, boolean atRest) {
    return CompactionStep.next(rig.store, file, from, atRest);
  }

  /** All that is worth it, step by step. */
  private List<Extent> moved(boolean atRest) {
    List<Extent> all = new ArrayList<>();
    long at = 0;
    while (true) {
      Step step = step(at, atRest);
      assertThat(step.extents()).hasSizeLessThanOrEqualTo(CompactionStep.EXTENTS_MAX);
      assertThat(step.extents().stream().mapToLong(Extent::length).sum())
          .isLessThanOrEqualTo(NewBlock.BYTES_MAX);
      for (Extent extent : step.extents()) {
        assertThat(extent.offset()).isBetween(at, step.end() - 1);
      }
      all.addAll(step.extents());
      if (step.isLast()) {
        return all;
      }
      assertThat(step.end()).isGreaterThan(at);
      at = step.end();
    }
  }

  @Test
  void wellStoredFilesAndNoFilesAreLeftAlone() {
    assertThat(moved(true)).isEmpty();
    for (int i = 0; i < 20; i++) {
      write((long) i * 4 * MIB, 4 * MIB);
    }
    // Small ones with holes between them cannot be one.
    for (int i = 0; i < 100; i++) {
      write((1L << 40) + i * 200L, 100);
    }
    assertThat(moved(true)).isEmpty();
    InodeId none = new InodeId(999);
    assertThat(CompactionStep.next(rig.store, none, 0, true))
        .isEqualTo(new Step(List.of(), Map.of(), Long.MAX_VALUE, false));
  }

  @Test
  void aThinBlockIsMovedAndItsNeighboursStay() throws Exception {
    BlockId fat = write(0, 4 * MIB);
    BlockId thin = write(4L * MIB, 4 * MIB);
    write(4L * MIB + 100, MIB);
    assertThat(moved(false)).as("a quarter is dead").isEmpty();
    assertThat(moved(true))
        .extracting(Extent::block, Extent::offset)
        .containsExactly(tuple(thin, 4L * MIB), tuple(thin, 5L * MIB + 100));
    write(6L * MIB, MIB);
    write(7L * MIB, MIB);
    assertThat(moved(false)).extracting(Extent::block).containsOnly(thin);
    assertThat(rig.view().extents(file, 0, 1).get(0).block()).isEqualTo(fat);
  }

  @Test
  void aFewDeadBytesAreLeftAlone() {
    write(0, 2 * CompactionStep.DEAD_BYTES_MIN);
    write(0, CompactionStep.DEAD_BYTES_MIN - 1);
    assertThat(moved(true)).isEmpty();
    write(0, CompactionStep.DEAD_BYTES_MIN);
    assertThat(moved(true)).hasSize(1);
  }

  /** Many blocks, each with less to give back than is worth it, are worth it together. */
  @Test
  void manyThinBlocksAreMovedTogether() {
    for (int i = 0; i < 8; i++) {
      write(i * 100_000L, 40_000);
      write(i * 100_000L + 1, 30_000);
    }
    assertThat(moved(false)).hasSize(16).allMatch(extent -> extent.length() < 10_000);
  }

  @Test
  void aLongRowOfSmallExtentsIsMoved() {
    write(0, MIB);
    long at = MIB;
    for (int i = 0; i < 31; i++) {
      write(at, 10);
      at += 10;
    }
    assertThat(moved(true)).isEmpty();
    write(at, 10);
    assertThat(moved(false)).isEmpty();
    assertThat(moved(true)).hasSize(32).allMatch(extent -> extent.length() == 10);
    // A large one in the middle ends the row.
    write(MIB + 160, CompactionStep.SMALL_BYTES);
    assertThat(moved(true)).isEmpty();
  }

  /** As after one written page in each few: to save an extent would cost too much. */
  @Test
  void aRowOfExtentsThatAreNotSmallEnoughIsLeftAlone() {
    for (int i = 0; i < 600; i++) {
      write(i * 20_000L, 20_000);
    }
    assertThat(moved(true)).isEmpty();
  }

  @Test
  void muchIsMovedInSteps() {
    for (int i = 0; i < 3000; i++) {
      write(i * 4096L, 4096);
    }
    // What is cut off from a row at a step's end may be too short to be one.
    assertThat(moved(false)).hasSizeBetween(2048, 3000);
    assertThat(step(0, false).extents()).hasSize(CompactionStep.EXTENTS_MAX);
  }

  @Test
  void aStepLooksAtABoundedNumberOfExtents() {
    for (int i = 0; i < CompactionStep.LOOKS_MAX + 10; i++) {
      write(i * 20L, 10);
    }
    assertThat(step(0, true))
        .isEqualTo(new Step(List.of(), Map.of(), CompactionStep.LOOKS_MAX * 20L, false));
    assertThat(step(CompactionStep.LOOKS_MAX * 20L, true).isLast()).isTrue();
  }

  @Test
  void filesWithDataAreFoundInOrder() {
    write(7, 1);
    write(900, 1);
    InodeId empty = rig.create(InodeId.ROOT, "g", FileType.REGULAR).inode();
    InodeId other = rig.file("h");
    rig.submit(rig.write(other, 0, 1));
    assertThat(CompactionStep.filesAfter(rig.store, 0, 9)).containsExactly(file, other);
    assertThat(CompactionStep.filesAfter(rig.store, 0, 1)).containsExactly(file);
    assertThat(CompactionStep.filesAfter(rig.store, empty.value(), 9)).containsExactly(other);
    assertThat(CompactionStep.filesAfter(rig.store, other.value(), 9)).isEmpty();
  }
}
