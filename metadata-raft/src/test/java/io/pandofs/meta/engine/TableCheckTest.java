package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.BlockId;
import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.meta.Acl;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.log.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each kind of disagreement, planted into good tables, is found and called by its name. */
final class TableCheckTest {
  private final EngineRig rig = new EngineRig();
  private InodeId directory;
  private InodeId below;
  private InodeId file;
  private InodeId orphan;

  @BeforeEach
  void makeTree() {
    directory = rig.directory("d");
    below = rig.create(directory, "below", FileType.DIRECTORY).inode();
    file = rig.create(below, "file", FileType.REGULAR).inode();
    rig.submit(rig.write(file, 0, 1000));
    rig.submit(rig.write(file, 500, 100));
    rig.submit(rig.write(file, 5000, 10));
    rig.submit(new Operation.Link(file, directory, EngineRig.name("hard")));
    rig.create(directory, "link", FileType.SYMLINK);
    orphan = rig.file("gone");
    rig.submit(rig.write(orphan, 0, 77));
    rig.submit(new Operation.Unlink(InodeId.ROOT, EngineRig.name("gone")));
  }

  private void assertFinds(TableProblem problem) {
    for (int run : new int[] {1, 2, 1000}) {
      TableCheck.Report report = TableCheck.of(rig.store, run);
      assertThat(report.problems()).as("%s", report.examples()).containsKey(problem);
      assertThat(report.examples()).isNotEmpty();
    }
  }

  private void change(InodeId number, Consumer<Inode> change) {
    Inode inode = Inode.find(rig.store, number.value());
    change.accept(inode);
    inode.save(rig.store);
  }

  private List<byte[]> keys(Table table) {
    List<byte[]> keys = new ArrayList<>();
    try (ReadStore.Cursor rows = rig.store.scan(table, Keys.of(0), null)) {
      while (rows.next()) {
        keys.add(rows.key());
      }
    }
    return keys;
  }

  private Dentries.Dentry dentry(InodeId parent, String name) {
    return Dentries.find(rig.store, parent, EngineRig.name(name));
  }

  @Test
  void goodTablesHaveNoProblem() {
    for (int run : new int[] {1, 2, 1000}) {
      TableCheck.Report report = TableCheck.of(rig.store, run);
      assertThat(report.examples()).isEmpty();
      assertThat(report.problems()).isEmpty();
      assertThat(report.inodes()).isEqualTo(6);
      assertThat(report.blocks()).isEqualTo(4);
    }
  }

  @Test
  void namesAndLinks() {
    change(file, inode -> inode.links = 3);
    assertFinds(TableProblem.WRONG_LINKS);
    change(file, inode -> inode.links = 2);
    change(directory, inode -> inode.links = 2);
    assertFinds(TableProblem.WRONG_LINKS);
  }

  @Test
  void aLostNameOfADirectory() {
    Dentries.remove(rig.store, InodeId.ROOT, dentry(InodeId.ROOT, "d"));
    assertFinds(TableProblem.UNREACHABLE);
  }

  @Test
  void aLostInode() {
    rig.store.delete(Table.INODES, Keys.of(below.value()));
    assertFinds(TableProblem.NAME_OF_NOTHING);
    assertFinds(TableProblem.NAME_IN_NO_DIRECTORY);
    assertFinds(TableProblem.WRONG_TOTALS);
  }

  @Test
  void aLostLastInode() {
    rig.store.delete(Table.INODES, Keys.of(orphan.value()));
    assertFinds(TableProblem.WRONG_ORPHAN);
    assertFinds(TableProblem.WRONG_EXTENT);
  }

  @Test
  void aTypeThatIsAnother() {
    Inode other = new Inode(file, FileType.FIFO, EngineRig.NOW);
    Dentries.Dentry hard = dentry(directory, "hard");
    Dentries.put(rig.store, directory, hard.slot(), hard.name(), other);
    assertFinds(TableProblem.WRONG_TYPE);
  }

  @Test
  void aParentThatIsAnother() {
    change(below, inode -> inode.parent = InodeId.ROOT.value());
    assertFinds(TableProblem.WRONG_PARENT);
  }

  @Test
  void aFileThatSaysItIsElsewhere() {
    InodeId one = rig.create(below, "one", FileType.REGULAR).inode();
    change(one, inode -> inode.parent = directory.value());
    assertFinds(TableProblem.WRONG_PARENT);
  }

  @Test
  void aFileOfTwoNamesThatSaysItIsInOneDirectory() {
    change(file, inode -> inode.parent = below.value());
    assertFinds(TableProblem.WRONG_PARENT);
  }

  @Test
  void anOrphanThatSaysItIsInADirectory() {
    change(orphan, inode -> inode.parent = below.value());
    assertFinds(TableProblem.WRONG_PARENT);
  }

  /** It has lost its other names, or was made before this was told. */
  @Test
  void aFileMayNotKnowWhereItsNameIs() {
    InodeId one = rig.create(below, "one", FileType.REGULAR).inode();
    change(one, inode -> inode.parent = 0);
    assertThat(TableCheck.of(rig.store).examples()).isEmpty();
  }

  @Test
  void directoriesInACircle() {
    // d moves into below, which is in d.
    Dentries.Dentry d = dentry(InodeId.ROOT, "d");
    Dentries.remove(rig.store, InodeId.ROOT, d);
    Dentries.put(rig.store, below, d.slot(), d.name(), Inode.find(rig.store, directory.value()));
    change(directory, inode -> inode.parent = below.value());
    change(below, inode -> inode.links = 3);
    change(InodeId.ROOT, inode -> inode.links = 2);
    TableCheck.Report report = TableCheck.of(rig.store, 1000);
    assertThat(report.problems()).containsOnlyKeys(TableProblem.UNREACHABLE);
  }

  @Test
  void orphansThatAreNone() {
    rig.store.delete(Table.ORPHANS, Keys.of(orphan.value()));
    assertFinds(TableProblem.WRONG_ORPHAN);
    Orphans.put(rig.store, orphan, 1, false);
    Orphans.put(rig.store, file, 1, false);
    assertFinds(TableProblem.WRONG_ORPHAN);
  }

  @Test
  void extents() {
    byte[] first = keys(Table.EXTENTS).get(0);
    byte[] row = rig.store.get(Table.EXTENTS, first);
    rig.store.delete(Table.EXTENTS, first);
    assertFinds(TableProblem.WRONG_ALLOCATION);
    assertFinds(TableProblem.WRONG_REFERENCES);
    rig.store.put(Table.EXTENTS, Keys.of(file.value(), 100), row);
    assertFinds(TableProblem.OVERLAP);
  }

  @Test
  void aFileThatIsShorterThanItsExtents() {
    change(file, inode -> inode.sizeBytes = 5009);
    assertFinds(TableProblem.WRONG_EXTENT);
  }

  @Test
  void aFileWithoutExtentsThatSaysItHasSome() {
    InodeId empty = rig.file("empty");
    change(empty, inode -> inode.allocatedBytes = 1);
    assertFinds(TableProblem.WRONG_ALLOCATION);
  }

  @Test
  void blocks() {
    byte[] block = keys(Table.BLOCKS).get(0);
    ClusterView.Block row = BlockRow.find(rig.store, new BlockId(Keys.first(block)));
    BlockRow.save(
        rig.store,
        new ClusterView.Block(row.id(), 999, row.crc32c(), row.references(), row.liveBytes()));
    assertFinds(TableProblem.WRONG_EXTENT);
    assertFinds(TableProblem.WRONG_TOTALS);
    BlockRow.save(
        rig.store,
        new ClusterView.Block(
            row.id(), row.length(), row.crc32c(), row.references(), row.liveBytes() - 1));
    assertFinds(TableProblem.WRONG_REFERENCES);
    rig.store.delete(Table.BLOCKS, block);
    assertFinds(TableProblem.UNKNOWN_BLOCK);
  }

  @Test
  void bytesInTheTables() {
    Operation.Write write = rig.writeInline(file, 1 << 20, 10);
    assertThat(rig.submit(write).errno()).isEqualTo(Errno.OK);
    assertThat(TableCheck.of(rig.store).examples()).isEmpty();
    BlockId block = write.inline().get(0).block();
    InlineRow row = InlineRow.find(rig.store, block);
    row.counting(1, 9).save(rig.store);
    assertFinds(TableProblem.WRONG_REFERENCES);
    new InlineRow(row.block(), new byte[10]).save(rig.store);
    assertFinds(TableProblem.WRONG_INLINE);
    row.save(rig.store);
    assertThat(TableCheck.of(rig.store).examples()).isEmpty();
    BlockRow.save(rig.store, row.block());
    assertFinds(TableProblem.WRONG_INLINE);
    row.delete(rig.store);
    assertFinds(TableProblem.WRONG_TOTALS);
    rig.store.delete(Table.BLOCKS, Keys.of(block.value()));
    assertFinds(TableProblem.UNKNOWN_BLOCK);
  }

  @Test
  void leases() {
    rig.submit(new Operation.AcquireLease(file));
    assertThat(Inode.find(rig.store, file.value()).lease).isEqualTo(rig.session.value());
    rig.apply(new LogEntry.ExpireSession(rig.session));
    assertThat(TableCheck.of(rig.store).problems()).isEmpty();
    change(file, inode -> inode.lease = rig.session.value() + 1);
    assertFinds(TableProblem.WRONG_LEASE);
  }

  @Test
  void keysAndPlacementOfMembers() {
    NodeId second = rig.addNode("b:1");
    byte[] key = Keys.system(SystemKind.NODE_KEY, second.value());
    rig.store.put(Table.SYSTEM, key, new RowWriter(1).rest(new byte[32]).toBytes());
    assertThat(TableCheck.of(rig.store).problems()).isEmpty();
    rig.store.delete(Table.SYSTEM, Keys.system(SystemKind.NODE, second.value()));
    TableCheck.Report report = TableCheck.of(rig.store, 1000);
    assertThat(report.problems()).containsExactly(Map.entry(TableProblem.OF_NO_MEMBER, 2L));
  }

  @Test
  void aTokenThatIsNone() {
    rig.store.put(Table.SYSTEM, Keys.system(SystemKind.TOKEN, 5), new byte[] {1, 2});
    assertFinds(TableProblem.DAMAGED_ROW);
  }

  @Test
  void attributesOfNothing() {
    rig.store.put(Table.XATTRS, Keys.of(12345, new byte[] {'x'}), new byte[] {1});
    assertFinds(TableProblem.XATTR_OF_NOTHING);
  }

  @Test
  void listsThatDoNotAgreeWithTheirInodes() {
    byte[] list = ModelAcl.random(new Random(1)).toBytes();
    InodeId[] inodes = {file, directory};
    for (InodeId inode : inodes) {
      long number = inode.value();
      Xattrs.put(rig.store, number, Acl.Kind.DEFAULT.attribute(), list);
      Xattrs.put(rig.store, number, Acl.Kind.ACCESS.attribute(), ModelAcl.withMode(list, 0642));
      Xattrs.put(rig.store, number, "user.list".getBytes(), list);
    }
    TableCheck.Report report = TableCheck.of(rig.store, 1000);
    assertThat(report.problems()).containsExactly(Map.entry(TableProblem.WRONG_ACL, 3L));
    Xattrs.put(rig.store, file.value(), Acl.Kind.ACCESS.attribute(), new byte[] {2, 0, 0, 0});
    assertFinds(TableProblem.WRONG_ACL);
  }

  @Test
  void aRowThatIsNone() {
    rig.store.put(Table.INODES, Keys.of(file.value()), new byte[] {1, 2, 3});
    assertFinds(TableProblem.DAMAGED_ROW);
  }
}
