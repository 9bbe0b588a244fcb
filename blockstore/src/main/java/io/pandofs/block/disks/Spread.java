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

  private record Weighed(Disk disk, long seed, double weight) {}

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

  private static Weighed weigh(Disk disk) {
    CRC32C seed = new CRC32C();
    seed.update(disk.directory().toString().getBytes(StandardCharsets.UTF_8));
    return new Weighed(disk, seed.getValue(), Math.max(1, disk.store().usage().freeBytes()));
  }

  /** The same weights with one more disk. */
  Spread with(Disk disk) {
    List<Weighed> more = new ArrayList<>(weighed);
    more.add(weigh(disk));
    return new Spread(more);
  }

  Spread without(Disk disk) {
    return new Spread(weighed.stream().filter(each -> each.disk() != disk).toList());
  }

  List<Disk> disks() {
    return disks;
  }

  /** The disks, the one that the block goes to first. */
  List<Disk> order(BlockId block) {
    if (disks.size() == 1) {
      return disks;
    }
    List<Scored> scored = new ArrayList<>(disks.size());
    for (Weighed each : weighed) {
      long hash = mixed(block.value() + mixed(each.seed()));
      double unit = ((hash >>> 11) + 0.5) * UNIT;
      scored.add(new Scored(each.disk(), -each.weight() / Math.log(unit)));
    }
    scored.sort(Comparator.comparingDouble(Scored::score).reversed());
    return scored.stream().map(Scored::disk).toList();
  }

  /** A bijection in which each bit of the answer depends on all bits. */
  private static long mixed(long value) {
    long mixed = (value ^ (value >>> 32)) * 0xd6e8feb86659fd93L;
    mixed = (mixed ^ (mixed >>> 32)) * 0xd6e8feb86659fd93L;
    return mixed ^ (mixed >>> 32);
  }
}
