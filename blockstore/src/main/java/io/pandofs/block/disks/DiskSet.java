package io.pandofs.block.disks;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.block.BlockCorruptException;
import io.pandofs.block.BlockMissingException;
import io.pandofs.block.BlockRow;
import io.pandofs.block.CopyCheck;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.StoreDamagedException;
import io.pandofs.block.StoreFullException;
import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;
import io.pandofs.common.time.Clock;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stores of a node's disks as one. Thread-safe.
 *
 * <p>A new block goes to a disk by {@link Spread}; a block that is here is looked for on all, in
 * first where it would go now. When weights change between two puts of one block, or a disk comes
 * back, two disks may have it: reads take one that is good, a delete takes both.
 *
 * <p>A disk that fails in any way but being full, or having one bad block, is taken out at once: a
 * put goes on to the next disk, what the disk held counts as missing from then on, and the listener
 * is told. The last disk is kept: what it can still read is better than nothing, and its own store
 * takes no more writes. What is out stays out until it is added again.
 */
public final class DiskSet implements LocalBlocks {
  private static final Logger LOG = LoggerFactory.getLogger(DiskSet.class);
  private static final long WEIGH_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int PAGE = 1024;

  private final Clock clock;
  private volatile Spread spread;
  private volatile long weighedNanos;

  /** See {@link #departures}; written under "this". */
  private volatile long departures;

  private volatile Listener listener = (directory, trouble) -> {};

  /** Taken out and not closed yet: closing may take as long as the disk likes. */
  @GuardedBy("this")
  private final List<Disk> lost = new ArrayList<>();

  @GuardedBy("this")
  private boolean closed;

  /** Is told of disks that were taken out. */
  public interface Listener {
    /** Called once a disk, on the thread that met the failure; must not block. */
    void lost(Path directory, String trouble);

    /**
     * The tables of the last disk are damaged: it is of no use as it is. Called each time that this
     * is met, on the thread that meets it; must not block.
     */
    default void lastIsDamaged(String trouble) {}
  }

  /**
   * A disk in use.
   *
   * @param leaving whether its blocks are being moved to the others
   * @param trouble what failed, when the last disk fails; otherwise empty
   */
  public record Report(Path directory, boolean leaving, String trouble, Usage usage) {}

  /**
   * @param stores open stores by their directories, at least one; closed with this
   */
  public DiskSet(Map<Path, LocalBlocks> stores, Clock clock) {
    if (stores.isEmpty()) {
      throw new IllegalArgumentException("no disk");
    }
    this.clock = clock;
    List<Disk> disks = new ArrayList<>();
    stores.forEach((directory, store) -> disks.add(new Disk(directory, store)));
    this.spread = Spread.of(disks);
    this.weighedNanos = clock.nanoTime();
  }

  /** Who is told from now on; nobody was before. */
  public void onLost(Listener told) {
    listener = told;
  }

  /**
   * A number that has grown when a disk that was in use is not any more: what was here may be gone.
   */
  public long departures() {
    return departures;
  }

  /** The disks in use. */
  public List<Report> reports() {
    Spread now = spread;
    List<Report> reports = reports(now.disks());
    weighAgain(now);
    return reports;
  }

  private static List<Report> reports(List<Disk> disks) {
    return disks.stream()
        .map(
            disk ->
                new Report(
                    disk.directory(), disk.isLeaving(), disk.trouble(), disk.store().usage()))
        .toList();
  }

  @Override
  public CompletableFuture<Void> put(
      SessionId session, BlockId block, ByteBuffer bytes, int crc32c) {
    return new DiskPut(session, block, bytes, crc32c, spread.order(block), this::isOut).start();
  }

  @Override
  public void read(BlockId block, int offset, ByteBuffer into) throws IOException {
    int start = into.position();
    Boolean found =
        look(
            block,
            store -> {
              into.position(start);
              try {
                store.read(block, offset, into);
                return true;
              } catch (BlockMissingException e) {
                return null;
              }
            });
    if (found == null) {
      throw new BlockMissingException(block, "on none of this node's disks");
    }
  }

  @Override
  public @Nullable LocalBlock find(BlockId block) throws IOException {
    return look(block, store -> store.find(block));
  }

  private interface Look<T> {
    /** Null when the block is not there. */
    @Nullable T at(LocalBlocks store) throws IOException;
  }

  private <T> @Nullable T look(BlockId block, Look<T> look) throws IOException {
    long before = departures;
    T found = lookOnce(block, look);
    if (found == null
        && (departures != before || spread.disks().stream().anyMatch(Disk::isLeaving))) {
      // It may have moved from a disk not looked at yet to one looked at before.
      found = lookOnce(block, look);
    }
    return found;
  }

  private <T> @Nullable T lookOnce(BlockId block, Look<T> look) throws IOException {
    Spread now = spread;
    Disk first = now.first(block);
    BlockCorruptException bad = null;
    for (int i = -1; i < now.disks().size(); i++) {
      Disk disk = i < 0 ? first : now.disks().get(i);
      if (i >= 0 && disk == first) {
        continue;
      }
      try {
        T found = look.at(disk.store());
        if (found != null) {
          return found;
        }
      } catch (BlockCorruptException e) {
        bad = e; // One bad block, not a bad disk; another one may have a good copy.
      } catch (IOException e) {
        failed(disk, e);
      }
    }
    if (bad != null) {
      throw bad;
    }
    return null;
  }

  @Override
  public void delete(List<BlockId> blocks) throws IOException {
    IOException kept = null;
    for (Disk disk : spread.disks()) {
      try {
        disk.store().delete(blocks);
      } catch (IOException e) {
        kept = isOut(disk, e) ? kept : e; // The others have their turn first.
      }
    }
    if (kept != null) {
      throw kept;
    }
  }

  @Override
  public List<LocalBlock> scan(long after, int limit) throws IOException {
    TreeMap<BlockId, LocalBlock> found = new TreeMap<>();
    for (Disk disk : spread.disks()) {
      try {
        disk.store().scan(after, limit).forEach(each -> found.putIfAbsent(each.block(), each));
      } catch (IOException e) {
        failed(disk, e);
      }
    }
    return found.values().stream().limit(limit).toList();
  }

  @Override
  public Usage usage() {
    Spread now = spread;
    long blocks = 0;
    long used = 0;
    long free = 0;
    for (Disk disk : now.disks()) {
      Usage usage = disk.store().usage();
      blocks += usage.blocks();
      used += usage.usedBytes();
      free = disk.isLeaving() ? free : plus(free, usage.freeBytes());
    }
    weighAgain(now);
    return new Usage(blocks, used, free);
  }

  private static long plus(long one, long other) {
    long sum = one + other;
    return sum < 0 ? Long.MAX_VALUE : sum;
  }

  private void weighAgain(Spread now) {
    if (clock.nanoTime() - weighedNanos < WEIGH_EVERY_NANOS) {
      return;
    }
    Spread fresh = Spread.of(now.disks());
    synchronized (this) {
      if (spread == now) {
        spread = fresh;
        weighedNanos = clock.nanoTime();
      }
    }
  }

  private void failed(Disk disk, IOException failure) throws IOException {
    if (!isOut(disk, failure)) {
      throw failure;
    }
  }

  /** Takes the disk out; false when it is kept. */
  private boolean isOut(Disk disk, Throwable failure) {
    if (failure instanceof StoreFullException || failure instanceof InterruptedIOException) {
      return false; // Says nothing about the disk.
    }
    String trouble = String.valueOf(failure.getMessage());
    boolean isLast;
    synchronized (this) {
      if (closed) {
        return false;
      }
      if (!spread.disks().contains(disk)) {
        return true; // Somebody else was quicker, or it was removed.
      }
      isLast = spread.disks().size() == 1;
      if (isLast) {
        disk.failed(trouble);
      } else {
        spread = spread.without(disk);
        lost.add(disk);
        countDeparture();
      }
    }
    if (isLast) {
      if (failure instanceof StoreDamagedException) {
        listener.lastIsDamaged(trouble);
      }
      return false;
    }
    LOG.error("the disk {} is taken out, its blocks are to be fetched", disk.directory(), failure);
    listener.lost(disk.directory(), trouble);
    return true;
  }

  /**
   * Takes one more disk into use. Blocks that it has from an earlier time are here again, but for
   * those that another disk has meanwhile: these are deleted from it once the other copy is read
   * and found good.
   *
   * @param store open; closed by this, also when it throws
   * @throws IOException the disk fails
   */
  public void add(Path directory, LocalBlocks store) throws IOException {
    Disk disk = new Disk(directory, store);
    Spread.Weighed weighed;
    try {
      deleteDoubles(disk);
      weighed = Spread.weigh(disk);
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
    synchronized (this) {
      if (!closed) {
        spread = spread.with(weighed);
        return;
      }
    }
    store.close();
    throw new IOException("the node is stopping");
  }

  private void deleteDoubles(Disk newcomer) throws IOException {
    LocalBlocks store = newcomer.store();
    Evacuation.Others others = othersOf(newcomer);
    List<LocalBlock> page = store.scan(0, PAGE);
    while (!page.isEmpty()) {
      List<BlockId> doubles = new ArrayList<>();
      for (LocalBlock block : page) {
        if (others.haveGood(block)) {
          doubles.add(block.block());
        }
      }
      store.delete(doubles);
      page = store.scan(page.get(page.size() - 1).block().value(), PAGE);
    }
  }

  /** Closes what is left of a disk that was taken out, so that it can be added again. */
  public void forget(Path directory) {
    List<Disk> gone;
    synchronized (this) {
      gone = lost.stream().filter(disk -> disk.directory().equals(directory)).toList();
      lost.removeAll(gone);
    }
    gone.forEach(disk -> disk.store().close());
  }

  /**
   * Moves the blocks of a disk to the others and gives the disk up. Bad copies stay behind; they
   * count as missing from then on. When it throws, the disk is still in use, or was taken out.
   *
   * @param progress is told after each step
   * @return how many bad copies stayed behind
   * @throws IOException it is the last disk, it fails, or the others are full
   */
  public long remove(Path directory, Evacuation.Progress progress)
      throws IOException, InterruptedException {
    Disk disk = inUse(directory);
    countDeparture();
    long bad;
    try {
      disk.leave();
      bad = new Evacuation(this, disk.store(), progress).run(othersOf(disk));
      synchronized (this) {
        requireOthers(disk); // They may have been taken out meanwhile.
        spread = spread.without(disk);
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      disk.stay();
      throw e;
    } finally {
      countDeparture(); // For a look that began when the disk was leaving, and ends now.
    }
    disk.store().close();
    return bad;
  }

  /** Only after the set has become another one: who sees the number sees that too. */
  private synchronized void countDeparture() {
    departures = departures + 1;
  }

  private Disk inUse(Path directory) throws IOException {
    Disk found =
        spread.disks().stream()
            .filter(disk -> disk.directory().equals(directory))
            .findFirst()
            .orElseThrow(() -> new IOException("it is not in use"));
    requireOthers(found);
    return found;
  }

  private void requireOthers(Disk disk) throws IOException {
    if (spread.disks().equals(List.of(disk))) {
      throw new IOException("it is the last disk in use");
    }
  }

  private Evacuation.Others othersOf(Disk disk) {
    return new Evacuation.Others() {
      @Override
      public boolean haveGood(LocalBlock block) throws IOException {
        return isAnyOther(disk, store -> isGood(store, block));
      }

      @Override
      public void delete(BlockId block) throws IOException {
        isAnyOther(
            disk,
            store -> {
              if (store.contains(block)) {
                store.delete(List.of(block));
              }
              return false;
            });
      }
    };
  }

  private interface Question {
    boolean isYes(LocalBlocks store) throws IOException;
  }

  /** Asks the disks but this one until one says yes. */
  private boolean isAnyOther(Disk disk, Question question) throws IOException {
    for (Disk other : spread.disks()) {
      try {
        if (other != disk && question.isYes(other.store())) {
          return true;
        }
      } catch (IOException e) {
        failed(other, e);
      }
    }
    return false;
  }

  private static boolean isGood(LocalBlocks store, LocalBlock block) throws IOException {
    BlockRow row = new BlockRow(block.block(), block.length(), block.crc32c());
    return store.contains(block.block())
        && CopyCheck.of(store, row, ByteBuffer.allocate(block.length())) == CopyCheck.Verdict.GOOD;
  }

  @Override
  public void close() {
    List<Disk> all;
    synchronized (this) {
      closed = true;
      all = new ArrayList<>(spread.disks());
      all.addAll(lost);
      lost.clear();
    }
    all.forEach(disk -> disk.store().close());
  }
}
