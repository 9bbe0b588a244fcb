package io.pandofs.tools.node;

import io.pandofs.block.BlockRow;
import io.pandofs.block.replication.Pace;
import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.DirectoryEntry;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataView;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminCommand.Progress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Checks this node's copies of the blocks of one file, or of all files below a directory, as this
 * node's tables show them. Symlinks are not followed. Each look at the tables is short and sees
 * them as they are then: what is made, moved or deleted meanwhile may or may not be checked. One
 * use.
 */
final class PathScrub {
  private static final int PAGE = 1000;
  private static final long SAY_EVERY_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long SWAMPED_MILLIS = 100;

  /** Opens a view of what this node has applied. */
  interface Views {
    MetadataView open() throws ErrnoException;
  }

  /** This node's copies of blocks, and what is to be done about them. */
  interface Copies {
    /** The committed block's row; null when nothing references it. */
    @Nullable BlockRow row(BlockId block);

    /** As {@code BlockCheck.isMine}. */
    boolean isMine(BlockId block);

    /** As {@code BlockCheck.isFaulty}: repair is told of one that is. */
    boolean isFaulty(BlockRow row);

    /** Whether repair may forget what it is told now. */
    boolean isSwamped();
  }

  private final Views views;
  private final Copies copies;
  private final Pace pace;
  private final Clock clock;
  private final Progress progress;
  private final Deque<InodeId> directories = new ArrayDeque<>();
  private long files;
  private long blocks;
  private long bytes;
  private long faults;
  private long saidNanos;

  PathScrub(Views views, Copies copies, Pace pace, Clock clock, Progress progress) {
    this.views = views;
    this.copies = copies;
    this.pace = pace;
    this.clock = clock;
    this.progress = progress;
    this.saidNanos = clock.nanoTime();
  }

  /**
   * Checks.
   *
   * @param path names from the volume's root on, with slashes between; empty for all
   * @return what was checked
   */
  Map<String, @Nullable Object> run(String path) throws Refusal, IOException, InterruptedException {
    try {
      Attributes start = find(path);
      visit(start.inode(), start.type());
      while (!directories.isEmpty()) {
        walk(directories.remove());
      }
    } catch (ErrnoException e) {
      throw new Refusal("Cannot check " + path + ": " + e.getMessage() + ".", e);
    }
    Map<String, @Nullable Object> checked = new LinkedHashMap<>();
    checked.put("files", files);
    checked.put("blocks", blocks);
    checked.put("bytes", bytes);
    checked.put("faults", faults);
    return checked;
  }

  private Attributes find(String path) throws ErrnoException {
    try (MetadataView view = views.open()) {
      Attributes at = view.attributes(InodeId.ROOT);
      StringTokenizer names = new StringTokenizer(path, "/");
      while (names.hasMoreTokens()) {
        String name = names.nextToken();
        at = view.lookup(at.inode(), FileName.of(name.getBytes(StandardCharsets.UTF_8)));
      }
      return at;
    }
  }

  private void visit(InodeId inode, FileType type)
      throws ErrnoException, IOException, InterruptedException {
    sayNowAndThen();
    if (type == FileType.DIRECTORY) {
      directories.add(inode);
    } else if (type == FileType.REGULAR) {
      files++;
      check(inode);
    }
  }

  private void walk(InodeId parent) throws ErrnoException, IOException, InterruptedException {
    long cookie = 0;
    while (true) {
      List<DirectoryEntry> page;
      try (MetadataView view = views.open()) {
        page = view.readDirectory(parent, cookie, PAGE);
      } catch (ErrnoException e) {
        ignoreIfGone(e);
        return;
      }
      if (page.isEmpty()) {
        return;
      }
      for (DirectoryEntry entry : page) {
        cookie = entry.cookie();
        visit(entry.inode(), entry.type());
      }
    }
  }

  private void check(InodeId file) throws ErrnoException, IOException, InterruptedException {
    Set<BlockId> last = new HashSet<>();
    FileWindow window = FileWindow.FIRST;
    while (true) {
      sayNowAndThen();
      List<Extent> extents;
      List<BlockId> stored;
      Set<BlockId> some = new LinkedHashSet<>();
      long size;
      try (MetadataView view = views.open()) {
        size = view.attributes(file).sizeBytes();
        if (window.isBehind(size)) {
          return;
        }
        extents = view.extents(file, window.from(), window.to(size));
        extents.forEach(extent -> some.add(extent.block()));
        stored = stored(view, some, last);
      } catch (ErrnoException e) {
        ignoreIfGone(e);
        return;
      }
      for (BlockId block : stored) {
        check(block);
      }
      last = some;
      window = window.next(size, extents.isEmpty());
    }
  }

  /** Those that are on replicas; the bytes of the others are checked with the look at them. */
  private List<BlockId> stored(MetadataView view, Set<BlockId> some, Set<BlockId> done) {
    List<BlockId> stored = new ArrayList<>();
    for (BlockId block : some) {
      byte[] inline = done.contains(block) ? null : view.inline(block);
      if (inline != null) {
        blocks++;
        bytes += inline.length;
      } else if (!done.contains(block)) {
        stored.add(block);
      }
    }
    return stored;
  }

  private static void ignoreIfGone(ErrnoException e) throws ErrnoException {
    if (e.errno() != Errno.ESTALE && e.errno() != Errno.ENOENT) {
      throw e;
    }
  }

  private void check(BlockId block) throws IOException, InterruptedException {
    BlockRow row = copies.row(block);
    if (row == null || !copies.isMine(block)) {
      return;
    }
    while (copies.isSwamped()) {
      sayNowAndThen();
      Pause.ofMillis(SWAMPED_MILLIS);
    }
    for (long wait = waitNanos(); wait > 0; wait = waitNanos()) {
      sayNowAndThen();
      Pause.ofNanos(wait);
    }
    pace.took(row.length(), clock.nanoTime());
    blocks++;
    bytes += row.length();
    faults += copies.isFaulty(row) ? 1 : 0;
  }

  /** Also when there is nothing new: that is how it is noticed that nobody listens any more. */
  private void sayNowAndThen() throws IOException {
    long now = clock.nanoTime();
    if (now - saidNanos > SAY_EVERY_NANOS) {
      saidNanos = now;
      progress.say("checked " + blocks + " blocks, " + faults + " were bad or gone");
    }
  }

  private long waitNanos() {
    return pace.waitNanos(clock.nanoTime());
  }
}
