package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.pandofs.common.BlockId;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.DirectoryEntry;
import io.pandofs.meta.Extent;
import io.pandofs.meta.FileType;
import io.pandofs.meta.InlineBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.VolumeStats;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.rocksdb.AppliedIndex;
import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.meta.rocksdb.RocksSnapshot;
import io.pandofs.meta.rocksdb.RocksTables;
import io.pandofs.meta.rocksdb.RocksTransaction;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random operations on the engine and on {@link ModelFs}: every answer and the whole tree agree.
 */
class EngineModelTest {
  private static final Timestamp BORN = new Timestamp(1_600_000_000, 0);
  private static final int RUNS = Integer.getInteger("pando.model.runs", 150);
  private static final int STEPS = 250;

  @TempDir Path directory;

  /** Applies entries one after another, as a node does. */
  private interface Node {
    LogReply apply(LogEntry entry) throws Exception;
  }

  @Test
  void theEngineIsTheModel() throws Exception {
    for (int run = 0; run < RUNS; run++) {
      long seed = 1000L + run;
      List<ModelSteps.Step> steps = new ModelSteps(seed).make(STEPS);
      String difference = difference(steps);
      if (difference != null) {
        List<ModelSteps.Step> shrunk = shrink(steps);
        StringBuilder text = new StringBuilder("seed " + seed + ": " + difference(shrunk));
        shrunk.forEach(step -> text.append("\n  ").append(step));
        fail(text.toString());
      }
    }
  }

  @Test
  void bothStoresAndAllBatchingsGiveTheSameBytes() throws Exception {
    try (RocksMemory memory = new RocksMemory(16 << 20, 4 << 20)) {
      for (int run = 0; run < 6; run++) {
        long seed = 9000L + run;
        List<ModelSteps.Step> steps = new ModelSteps(seed).make(4 * STEPS);
        byte[] inMemory = hashInMemory(steps, new Random(seed), 1);
        assertThat(hashInMemory(steps, new Random(seed), 1))
            .as("seed %s", seed)
            .isEqualTo(inMemory);
        try (RocksTables tables = RocksTables.open(directory.resolve("t" + run), memory)) {
          assertThat(hashInRocks(steps, tables)).as("seed %s", seed).isEqualTo(inMemory);
        }
        // Other batches have other indices, and orphans remember theirs: those rows are left out.
        byte[] batched = treeHash(steps, new Random(seed), 20);
        assertThat(treeHash(steps, new Random(seed + 1), 5)).as("seed %s", seed).isEqualTo(batched);
        assertThat(treeHash(steps, new Random(seed), 1)).as("seed %s", seed).isEqualTo(batched);
      }
    }
  }

  /** Reads wait for the release of what an entry has told to be changed, and of nothing else. */
  @Test
  void everyInodeWhoseRowsAnEntryChangesIsTold() throws Exception {
    for (int run = 0; run < 20; run++) {
      long seed = 5000L + run;
      LogEngine engine = new LogEngine();
      Set<Long> changed = new HashSet<>();
      Set<Long> told = new HashSet<>();
      Store store = new Watched(new MemoryStore(), changed);
      Told effects = new Told(told);
      long[] index = {0};
      Node node =
          entry -> {
            changed.clear();
            told.clear();
            LogReply reply = engine.apply(entry, ++index[0], store, effects);
            if (!(entry instanceof LogEntry.Format)) {
              assertThat(told).as("seed %s: %s", seed, entry).containsAll(changed);
            }
            return reply;
          };
      runAll(new ModelSteps(seed).make(STEPS), node, new Random(seed), 3);
    }
  }

  private record Told(Set<Long> inodes) implements LocalEffects {
    @Override
    public void inodeChanged(InodeId inode) {
      inodes.add(inode.value());
    }

    @Override
    public void dentryChanged(InodeId parent, FileName name) {
      inodes.add(parent.value());
    }
  }

  /** Notes whose rows are written. */
  private record Watched(MemoryStore store, Set<Long> inodes) implements Store {
    private void note(Table table, byte[] key) {
      if (table == Table.INODES
          || table == Table.DENTRIES
          || table == Table.EXTENTS
          || table == Table.XATTRS) {
        inodes.add(Keys.first(key));
      }
    }

    @Override
    public void put(Table table, byte[] key, byte[] value) {
      note(table, key);
      store.put(table, key, value);
    }

    @Override
    public void delete(Table table, byte[] key) {
      note(table, key);
      store.delete(table, key);
    }

    @Override
    public byte @Nullable [] get(Table table, byte[] key) {
      return store.get(table, key);
    }

    @Override
    public @Nullable Row floor(Table table, byte[] key) {
      return store.floor(table, key);
    }

    @Override
    public Cursor scan(Table table, byte[] from, byte @Nullable [] to) {
      return store.scan(table, from, to);
    }
  }

  private static byte[] hashInMemory(List<ModelSteps.Step> steps, Random random, int batchMax)
      throws Exception {
    MemoryStore store = new MemoryStore();
    runAll(steps, inMemory(store), random, batchMax);
    // Whatever operations do, they leave tables that agree with each other.
    assertThat(TableCheck.of(store, 1 + random.nextInt(20)).examples()).isEmpty();
    return TableHash.of(store);
  }

  private static byte[] treeHash(List<ModelSteps.Step> steps, Random random, int batchMax)
      throws Exception {
    MemoryStore store = new MemoryStore();
    runAll(steps, inMemory(store), random, batchMax);
    for (ClusterView.Orphan orphan : new ClusterView(store).orphansAfter(0, Integer.MAX_VALUE)) {
      store.delete(Table.ORPHANS, Keys.of(orphan.inode().value()));
    }
    return TableHash.of(store);
  }

  private static byte[] hashInRocks(List<ModelSteps.Step> steps, RocksTables tables)
      throws Exception {
    LogEngine engine = new LogEngine();
    Node node =
        entry -> {
          long index = tables.applied().index() < 0 ? 1 : tables.applied().index() + 1;
          try (RocksTransaction transaction = tables.begin()) {
            LogReply reply = engine.apply(entry, index, transaction, LocalEffects.NONE);
            transaction.commit(new AppliedIndex(1, index));
            return reply;
          }
        };
    runAll(steps, node, new Random(0), 1);
    try (RocksSnapshot snapshot = tables.snapshot()) {
      return TableHash.of(snapshot);
    }
  }

  /** Every entry and every reply goes through the codec, as between nodes. */
  private static Node inMemory(MemoryStore store) {
    LogEngine engine = new LogEngine();
    long[] index = {0};
    return entry -> {
      LogEntry decoded = LogCodec.decodeEntry(ByteBuffer.wrap(LogCodec.encode(entry)));
      LogReply reply = engine.apply(decoded, ++index[0], store, LocalEffects.NONE);
      return LogCodec.decodeReply(ByteBuffer.wrap(LogCodec.encode(reply)));
    };
  }

  private static SessionId begin(Node node) throws Exception {
    node.apply(new LogEntry.Format(99, Caller.ROOT, BORN));
    node.apply(new LogEntry.RegisterNode(0, "n", "a:1", "a:2", "a:3"));
    SessionId session =
        new SessionId(node.apply(new LogEntry.RegisterSession(new NodeId(1), BORN)).number());
    node.apply(
        new LogEntry.Batch(
            session, 1, 0, List.of(reserve(NumberKind.INODE), reserve(NumberKind.BLOCK_SERIAL))));
    return session;
  }

  private static Request reserve(NumberKind kind) {
    return new Request(new Operation.ReserveNumbers(kind, 100_000), Caller.ROOT, BORN);
  }

  private static void runAll(List<ModelSteps.Step> steps, Node node, Random random, int batchMax)
      throws Exception {
    SessionId session = begin(node);
    long sequence = 3;
    List<Request> batch = new ArrayList<>();
    for (ModelSteps.Step step : steps) {
      if (step.request() != null) {
        batch.add(step.request());
      }
      if (!batch.isEmpty() && (step.request() == null || batch.size() > random.nextInt(batchMax))) {
        node.apply(new LogEntry.Batch(session, sequence, 0, batch));
        sequence += batch.size();
        batch = new ArrayList<>();
      }
      if (step.reaped() != null) {
        node.apply(new LogEntry.Reap(List.of(step.reaped()), Long.MAX_VALUE));
      }
    }
    if (!batch.isEmpty()) {
      node.apply(new LogEntry.Batch(session, sequence, 0, batch));
    }
  }

  /** What differs first; null when nothing does. */
  private static String difference(List<ModelSteps.Step> steps) throws Exception {
    MemoryStore store = new MemoryStore();
    Node node = inMemory(store);
    ModelFs model = new ModelFs(BORN);
    SessionId session = begin(node);
    long sequence = 3;
    for (ModelSteps.Step step : steps) {
      if (step.reaped() != null) {
        node.apply(new LogEntry.Reap(List.of(step.reaped()), Long.MAX_VALUE));
        model.reap(step.reaped());
        continue;
      }
      LogReply reply;
      try {
        reply =
            node.apply(
                new LogEntry.Batch(session, sequence, sequence - 1, List.of(step.request())));
      } catch (RuntimeException e) {
        return step + " threw " + e;
      }
      sequence++;
      Reply expected = model.apply(step.request());
      Reply found = reply.replies().isEmpty() ? null : reply.replies().get(0);
      if (!expected.equals(found)) {
        return step + "\n    expected " + expected + "\n    found " + found + reply.status();
      }
    }
    return treeDifference(store, model);
  }

  private static String treeDifference(MemoryStore store, ModelFs model) throws Exception {
    TableView view = new TableView(store, 0, () -> {});
    Map<BlockId, Integer> references = new HashMap<>();
    for (ModelFs.Node node : model.nodes.values()) {
      InodeId id = new InodeId(node.id);
      if (!view.attributes(id).equals(model.attributes(node))) {
        return "attributes " + view.attributes(id) + " for " + model.attributes(node);
      }
      Map<String, Long> names = new TreeMap<>();
      node.children.forEach((name, child) -> names.put(name, child.id));
      if (node.type == FileType.DIRECTORY && !names.equals(list(view, id))) {
        return id + " lists " + list(view, id) + " for " + names;
      }
      if (node.type == FileType.DIRECTORY
          && !node.removed
          && view.parent(id).value() != node.parent.id) {
        return id + " has the parent " + view.parent(id);
      }
      TreeMap<Long, ModelFs.Place> bytes = bytes(view.extents(id, 0, Long.MAX_VALUE), references);
      if (!bytes.equals(node.bytes)) {
        return id + " holds " + bytes + " for " + node.bytes;
      }
      List<String> xattrs = view.xattrNames(id).stream().map(String::new).toList();
      if (!xattrs.equals(List.copyOf(node.xattrs.keySet()))) {
        return id + " has xattrs " + xattrs;
      }
      for (String name : xattrs) {
        if (!Arrays.equals(view.xattr(id, name.getBytes()), node.xattrs.get(name))) {
          return id + " differs in " + name;
        }
      }
    }
    return totalsDifference(store, view, model, references);
  }

  private static String totalsDifference(
      MemoryStore store, TableView view, ModelFs model, Map<BlockId, Integer> references) {
    ClusterView cluster = new ClusterView(store);
    long stored = 0;
    long inline = 0;
    List<ClusterView.Block> blocks = new ArrayList<>(cluster.blocksAfter(0, Integer.MAX_VALUE));
    for (InlineBlock block : InlineScan.oldest(store, 0, Long.MAX_VALUE)) {
      blocks.add(BlockReferences.find(store, block.block()));
      inline += block.bytes().length;
      if (!model.inline.contains(block.block())
          || BlockRow.find(store, block.block()) != null
          || !Arrays.equals(
              block.bytes(), EngineRig.inline(block.block(), block.bytes().length).bytes())) {
        return block + " is not as it was written, or elsewhere";
      }
    }
    for (ClusterView.Block block : blocks) {
      stored += block.length();
      Integer counted = references.remove(block.id());
      if (counted == null || counted != block.references()) {
        return block + " is referenced " + counted + " times";
      }
      if (block.length() != model.blockLengths.get(block.id())) {
        return block + " has another length";
      }
    }
    if (!references.isEmpty()) {
      return "no rows of " + references;
    }
    VolumeStats counted = new VolumeStats(model.nodes.size(), stored, inline);
    if (!view.stats().equals(counted)) {
      return view.stats() + " for " + counted;
    }
    List<Long> orphans =
        cluster.orphansAfter(0, Integer.MAX_VALUE).stream().map(o -> o.inode().value()).toList();
    List<Long> expected =
        model.nodes.values().stream().filter(model::isOrphan).map(n -> n.id).toList();
    return orphans.equals(expected) ? null : "orphans " + orphans + " for " + expected;
  }

  private static Map<String, Long> list(TableView view, InodeId directory) throws Exception {
    Map<String, Long> names = new TreeMap<>();
    long cookie = 0;
    while (true) {
      List<DirectoryEntry> entries = view.readDirectory(directory, cookie, 2);
      if (entries.isEmpty()) {
        return names;
      }
      for (DirectoryEntry entry : entries) {
        assertThat(entry.cookie()).isGreaterThan(Math.max(2, cookie));
        cookie = entry.cookie();
        assertThat(names.put(entry.name().toString(), entry.inode().value())).isNull();
        assertThat(view.lookup(directory, entry.name()).type()).isEqualTo(entry.type());
      }
    }
  }

  private static TreeMap<Long, ModelFs.Place> bytes(
      List<Extent> extents, Map<BlockId, Integer> references) {
    TreeMap<Long, ModelFs.Place> bytes = new TreeMap<>();
    for (Extent extent : extents) {
      references.merge(extent.block(), 1, Integer::sum);
      for (long i = 0; i < extent.length(); i++) {
        ModelFs.Place place = new ModelFs.Place(extent.block(), extent.blockOffset() + i);
        assertThat(bytes.put(extent.offset() + i, place)).as("extents overlap").isNull();
      }
    }
    return bytes;
  }

  /** Leaves out what is not needed for a difference (Zeller's delta debugging, halves to ones). */
  private static List<ModelSteps.Step> shrink(List<ModelSteps.Step> failing) throws Exception {
    List<ModelSteps.Step> steps = new ArrayList<>(failing);
    for (int chunk = steps.size() / 2; chunk >= 1; chunk /= 2) {
      for (int at = 0; at + chunk <= steps.size(); ) {
        List<ModelSteps.Step> shorter = new ArrayList<>(steps.subList(0, at));
        shorter.addAll(steps.subList(at + chunk, steps.size()));
        if (difference(shorter) != null) {
          steps = shorter;
        } else {
          at += chunk;
        }
      }
    }
    return steps;
  }
}
