package io.pandofs.meta.engine;

import io.pandofs.common.NodeId;
import io.pandofs.meta.Acl;
import io.pandofs.meta.VolumeStats;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Checks that tables agree with each other: every inode is reached by as many names as it has
 * links, directories hang together, extents lie within files and blocks, references and totals add
 * up, leases, keys and placement name what there is. Changes nothing. Reads the tables from end to
 * end, several times when there are more than a million inodes or blocks: memory stays under 64 MiB
 * whatever their size. Not thread-safe.
 */
public final class TableCheck {
  private static final int EXAMPLES_MAX = 100;
  private static final int RUN = 1 << 20;

  private final ReadStore tables;
  private final int run;
  private final Map<TableProblem, Long> counts = new EnumMap<>(TableProblem.class);
  private final List<String> examples = new ArrayList<>();
  private long sessionsEnd = Long.MAX_VALUE;
  private long inodes;
  private long blocks;
  private long blockBytes;
  private long inlineBytes;

  private TableCheck(ReadStore tables, int run) {
    this.tables = tables;
    this.run = run;
  }

  /**
   * What was found.
   *
   * @param inodes looked at
   * @param blocks rows of the block table
   * @param problems how many there are of each kind; empty when all is well
   * @param examples a sentence for each of the first hundred
   */
  public record Report(
      long inodes, long blocks, Map<TableProblem, Long> problems, List<String> examples) {}

  /** Checks tables that do not change meanwhile. */
  public static Report of(ReadStore tables) {
    return of(tables, RUN);
  }

  /**
   * The same.
   *
   * @param run how many inodes or blocks are counted in one walk
   */
  static Report of(ReadStore tables, int run) {
    TableCheck check = new TableCheck(tables, run);
    check.guarded(check::countSessions);
    check.guarded(new NameCheck(tables, check)::run);
    check.guarded(new ExtentCheck(tables, check)::run);
    check.guarded(check::orphans);
    check.guarded(check::xattrs);
    check.guarded(check::members);
    check.guarded(
        new LockCheck(tables, sentence -> check.found(TableProblem.WRONG_LOCK, sentence))::run);
    check.guarded(check::totals);
    return new Report(
        check.inodes, check.blocks, Map.copyOf(check.counts), List.copyOf(check.examples));
  }

  private void guarded(Runnable part) {
    try {
      part.run();
    } catch (StoreException e) {
      found(TableProblem.DAMAGED_ROW, String.valueOf(e.getMessage()));
    }
  }

  void found(TableProblem problem, String sentence) {
    counts.merge(problem, 1L, Long::sum);
    if (examples.size() < EXAMPLES_MAX) {
      examples.add(sentence);
    }
  }

  int run() {
    return run;
  }

  void countInode() {
    inodes++;
  }

  void countBlock(int length, boolean isInline) {
    blocks++;
    blockBytes += length;
    inlineBytes += isInline ? length : 0;
  }

  private void countSessions() {
    sessionsEnd = Counters.next(tables, SystemKind.SESSION_COUNTER);
  }

  /** A lease outlives its session in the row, so that it is over says nothing. */
  void judgeLease(Inode inode) {
    if (inode.lease < 0 || inode.lease >= sessionsEnd) {
      found(
          TableProblem.WRONG_LEASE,
          "inode " + inode.id.value() + " is leased to " + inode.lease + ", which is no session");
    }
  }

  /** Also reads the rows of tokens, which depend on nothing. */
  private void members() {
    Set<NodeId> members = new HashSet<>();
    Membership.nodes(tables).forEach(node -> members.add(node.id()));
    Tokens.all(tables);
    for (NodeId node : Tokens.keyed(tables)) {
      if (!members.contains(node)) {
        found(TableProblem.OF_NO_MEMBER, "the key of " + node + " is kept, which is no member");
      }
    }
    Set<NodeId> placed = new HashSet<>();
    PlacementRow.load(tables).groups().forEach(placed::addAll);
    placed.removeAll(members);
    for (NodeId node : placed) {
      found(TableProblem.OF_NO_MEMBER, node + " has placement groups and is no member");
    }
  }

  private void orphans() {
    try (ReadStore.Cursor rows = tables.scan(Table.ORPHANS, Keys.of(0), null)) {
      while (rows.next()) {
        long number = Keys.first(rows.key());
        Inode inode = Inode.find(tables, number);
        if (inode == null || inode.links != 0) {
          found(TableProblem.WRONG_ORPHAN, "orphan " + number + " has links or does not exist");
        }
      }
    }
  }

  private void xattrs() {
    long last = -1;
    try (ReadStore.Cursor rows = tables.scan(Table.XATTRS, Keys.of(0), null)) {
      while (rows.next()) {
        long number = Keys.first(rows.key());
        if (number != last && Inode.find(tables, number) == null) {
          found(
              TableProblem.XATTR_OF_NOTHING,
              "inode " + number + " has attributes and does not exist");
        }
        last = number;
        Acl.Kind kind = Acl.Kind.of(Xattrs.name(rows.key()));
        if (kind != null) {
          list(number, kind);
        }
      }
    }
  }

  private void list(long number, Acl.Kind kind) {
    Inode inode = Inode.find(tables, number);
    Acl list;
    try {
      list = Acls.find(tables, number, kind);
    } catch (StoreException e) {
      found(TableProblem.WRONG_ACL, String.valueOf(e.getMessage()));
      return;
    }
    if (inode == null || list == null) {
      return;
    }
    boolean right =
        kind == Acl.Kind.DEFAULT
            ? inode.isDirectory()
            : !list.isMode() && list.mode() == (inode.permissions & Acls.OF_ALL);
    if (!right) {
      found(
          TableProblem.WRONG_ACL,
          "the access control list of inode " + number + " does not agree with its mode or type");
    }
  }

  private void totals() {
    VolumeStats totals = Totals.load(tables);
    if (counts.containsKey(TableProblem.DAMAGED_ROW)) {
      return;
    }
    VolumeStats counted = new VolumeStats(inodes, blockBytes, inlineBytes);
    if (!totals.equals(counted)) {
      found(
          TableProblem.WRONG_TOTALS,
          "the totals say " + text(totals) + "; there are " + text(counted));
    }
  }

  private static String text(VolumeStats stats) {
    return stats.inodes()
        + " inodes and "
        + stats.storedBytes()
        + " bytes, "
        + stats.inlineBytes()
        + " of them in the tables";
  }
}
