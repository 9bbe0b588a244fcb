package io.pandofs.block.disks;

import io.pandofs.common.BlockId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Which of the disks a block goes to: each block has its own order of them, in which a disk comes
 * first as often as its share of the free space says (rendezvous hashing with weights: the greatest
 * {@code -weight / ln(h)} wins, h being a hash of block and disk in (0, 1)). The order is the same
 * as long as the weights are; when they change a little, few blocks change their disk. Immutable.
 */
final class Spread {
  private static final double UNIT = 0x1.0p-53;

  /** A disk with its weight. */
  record Weighed(Disk disk, long seed, double weight) {}

  private record Scored(Disk disk, double score) {}

  private final List<Weighed> weighed;
  private final List<Disk> disks;

  private Spread(List<Weighed> weighed) {
    this.weighed = List.copyOf(weighed);
    this.disks = weighed.stream().map(Weighed::disk).toList();
  }

  /** Weighs the disks by the space that is free on them now. */
  static Spread of(List<Disk> disks) {
    return new Spread(disks.stream().map(Spread::weigh).toList());
  }

  /** Asks the disk for its free space, which may wait. */
  static Weighed weigh(Disk disk) {
    CRC32C seed = new CRC32C();
    seed.update(disk.directory().toString().getBytes(StandardCharsets.UTF_8));
    return new Weighed(disk, seed.getValue(), Math.max(1, disk.store().usage().freeBytes()));
  }

  /** The same weights with one more disk. */
  Spread with(Weighed disk) {
    List<Weighed> more = new ArrayList<>(weighed);
    more.add(disk);
    return new Spread(more);
  }

  Spread without(Disk disk) {
    return new Spread(weighed.stream().filter(each -> each.disk() != disk).toList());
  }

  List<Disk> disks() {
    return disks;
  }

  /** The disk that the block goes to; the first of {@link #order}. Makes no object. */
  Disk first(BlockId block) {
    Disk first = disks.get(0);
    double best = Double.NEGATIVE_INFINITY;
    for (int i = 0; disks.size() > 1 && i < weighed.size(); i++) {
      double score = score(weighed.get(i), block);
      if (score > best) {
        best = score;
        first = weighed.get(i).disk();
      }
    }
    return first;
  }

  /** The disks, the one that the block goes to first. */
  List<Disk> order(BlockId block) {
    if (disks.size() == 1) {
      return disks;
    }
    List<Scored> scored = new ArrayList<>(disks.size());
    for (Weighed each : weighed) {
      scored.add(new Scored(each.disk(), score(each, block)));
    }
    scored.sort(Comparator.comparingDouble(Scored::score).reversed());
    return scored.stream().map(Scored::disk).toList();
  }

  private static double score(Weighed disk, BlockId block) {
    long hash = mixed(block.value() + mixed(disk.seed()));
    double unit = ((hash >>> 11) + 0.5) * UNIT;
    return -disk.weight() / Math.log(unit);
  }

  /** A bijection in which each bit of the answer depends on all bits. */
  private static long mixed(long value) {
    long mixed = (value ^ (value >>> 32)) * 0xd6e8feb86659fd93L;
    mixed = (mixed ^ (mixed >>> 32)) * 0xd6e8feb86659fd93L;
    return mixed ^ (mixed >>> 32);
  }
}
