package io.pandofs.tools.node;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.block.LocalBlocks;
import io.pandofs.block.StoreRefusedException;
import io.pandofs.block.disks.DiskSet;
import io.pandofs.block.disks.Evacuation;
import io.pandofs.block.local.LocalBlockOptions;
import io.pandofs.block.local.LocalBlockStore;
import io.pandofs.common.Compression;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.raft.Identity;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.node.DiskFile.Entry;
import io.pandofs.tools.node.DiskFile.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The disks of a node: those that the configuration names, or one in the data directory, and those
 * that were added since; but for those removed. A disk that had a store and has none now is taken
 * for missing, as an empty mount point would be; only below the data directory is a store made
 * anew. Where other nodes have copies, a damaged store is set aside, once, and a new one made in
 * its place, to which the blocks are fetched; nothing of the old one is deleted, since it may have
 * what nobody else has. A node with the one disk in its data directory has no {@link DiskFile}.
 *
 * <p>Thread-safe; adding and removing is one caller's at a time.
 */
final class NodeDisks {
  private static final Logger LOG = LoggerFactory.getLogger(NodeDisks.class);
  private static final int TIDY_THREADS = 2;
  private static final long MEMORY_MIN = 8 << 20;

  private final Path dataDirectory;
  private final UUID stamp;
  private final List<UUID> formerStamps;
  private final long memoryBytes;
  private final Clock clock;
  private final ScheduledExecutorService tidying;
  private final DiskFile file;
  private final Map<Path, Object> devices = new HashMap<>();
  private final DiskSet set;
  private volatile Supplier<Compression> compression = () -> Compression.NONE;

  @GuardedBy("this")
  private final Map<Path, Entry> entries;

  private NodeDisks(
      NodeConfig config, Identity identity, Clock clock, Parts parts, boolean alone, boolean renews)
      throws Refusal {
    this.dataDirectory = config.dataDirectory();
    this.stamp = stamp(identity);
    this.clock = clock;
    this.tidying = parts.add("tidying", new Workers("tidy", TIDY_THREADS)).scheduler();
    this.file = new DiskFile(dataDirectory);
    DiskFile.Content noted = file.load();
    this.formerStamps = noted.formerStamps();
    Map<Path, Entry> known = new LinkedHashMap<>();
    noted.disks().forEach(each -> known.put(each.directory(), each));
    List<Path> fresh = newcomers(config, known);
    fresh.forEach(each -> known.put(each, new Entry(each, State.USED, "")));
    long used = known.values().stream().filter(each -> each.state() == State.USED).count();
    this.memoryBytes = Math.max(MEMORY_MIN, config.budgets().blockTables() / Math.max(1, used));
    this.set = parts.add("block store", openUsed(known, fresh, alone, renews));
    this.entries = known;
  }

  /**
   * Opens all that can be opened and takes the others out.
   *
   * @param renews whether damaged stores are set aside: other nodes have what they had
   * @throws Refusal none can be opened, or it cannot be written down which are in use
   */
  static NodeDisks open(
      NodeConfig config, Identity identity, Clock clock, Parts parts, boolean renews)
      throws Refusal {
    NodeDisks disks = new NodeDisks(config, identity, clock, parts, false, renews);
    try {
      // Before the first block goes to one of them, or a later start may not know of it.
      if (!disks.isUsual() && !disks.file.load().equals(disks.content())) {
        disks.save();
      }
    } catch (IOException e) {
      throw new Refusal(
          "Cannot start: which disks are in use could not be written down: " + e.getMessage() + ".",
          e);
    }
    return disks;
  }

  /**
   * Opens all, to look at what a stopped node has.
   *
   * @throws Refusal one cannot be opened
   */
  static LocalBlocks openAll(NodeConfig config, Identity identity, Clock clock, Parts parts)
      throws Refusal {
    return new NodeDisks(config, identity, clock, parts, true, false).set;
  }

  /** What the block stores of a node carry. */
  private static UUID stamp(Identity identity) {
    return new UUID(identity.incarnation(), identity.node().value());
  }

  /**
   * The stores of the node that this one was are this one's from now on. Each changes its stamp
   * when it is opened: a disk that is away now may come back much later.
   */
  static void takeOver(NodeConfig config, Identity before) throws Refusal, IOException {
    DiskFile file = new DiskFile(config.dataDirectory());
    DiskFile.Content noted = file.load();
    Set<UUID> stamps = new LinkedHashSet<>(noted.formerStamps());
    stamps.add(stamp(before));
    file.save(new DiskFile.Content(noted.disks(), List.copyOf(stamps)));
  }

  static Path usual(Path dataDirectory) {
    return dataDirectory.resolve("blocks");
  }

  /** Whether there is nothing to write down. */
  private boolean isUsual() {
    Entry usual = new Entry(usual(dataDirectory), State.USED, "");
    return !file.exists() && content().equals(new DiskFile.Content(List.of(usual), List.of()));
  }

  private synchronized DiskFile.Content content() {
    return new DiskFile.Content(List.copyOf(entries.values()), formerStamps);
  }

  /** Disks that are not in the file yet. */
  private List<Path> newcomers(NodeConfig config, Map<Path, Entry> known) {
    List<Path> fresh = new ArrayList<>();
    Path usual = usual(dataDirectory);
    if (known.isEmpty() && (config.disks().isEmpty() || LocalBlockStore.isIn(usual))) {
      fresh.add(usual);
    }
    for (Path disk : config.disks()) {
      if (!known.containsKey(disk) && !fresh.contains(disk)) {
        fresh.add(disk);
      }
    }
    return fresh;
  }

  private DiskSet openUsed(
      Map<Path, Entry> known, List<Path> fresh, boolean allOrNone, boolean renews) throws Refusal {
    Map<Path, LocalBlocks> stores = new LinkedHashMap<>();
    List<Entry> failed = new ArrayList<>();
    for (Entry noted : List.copyOf(known.values())) {
      Entry entry = renews ? backIfDamaged(noted) : noted;
      known.put(entry.directory(), entry);
      if (entry.state() == State.USED) {
        try {
          stores.put(
              entry.directory(),
              renews ? openOrRenew(entry.directory(), fresh) : openStore(entry.directory(), fresh));
        } catch (IOException e) {
          LOG.error("the disk {} cannot be used", entry.directory(), e);
          failed.add(new Entry(entry.directory(), State.OUT, String.valueOf(e.getMessage())));
        }
      }
    }
    if (stores.isEmpty() || (allOrNone && !failed.isEmpty())) {
      stores.values().forEach(LocalBlocks::close);
      List<String> why = failed.stream().map(Entry::trouble).toList();
      throw new Refusal(
          "Cannot start: " + (why.isEmpty() ? "no disk is in use" : String.join("; ", why)) + ".");
    }
    failed.forEach(each -> known.put(each.directory(), each));
    return new DiskSet(stores, clock);
  }

  /** A disk that went out because its store was damaged has nothing wrong with itself. */
  private static Entry backIfDamaged(Entry entry) {
    try {
      return entry.state() == State.OUT && LocalBlockStore.isNotedDamaged(entry.directory())
          ? new Entry(entry.directory(), State.USED, "")
          : entry;
    } catch (IOException e) {
      LOG.warn("whether the store on {} is damaged cannot be read: {}", entry, e.toString());
      return entry;
    }
  }

  /** Opens a store; a damaged one is set aside, unless one was already. */
  private LocalBlocks openOrRenew(Path directory, Collection<Path> fresh) throws IOException {
    if (LocalBlockStore.isHalfAside(directory)) {
      LocalBlockStore.setAside(directory);
    }
    boolean emptied = LocalBlockStore.hasAside(directory) && !LocalBlockStore.isIn(directory);
    try {
      return openStore(directory, emptied ? List.of(directory) : fresh);
    } catch (StoreRefusedException e) {
      if (e.reason() != StoreRefusedException.Reason.DAMAGED || !isSurelyOurs(directory)) {
        throw e;
      }
      try {
        LocalBlockStore.setAside(directory);
      } catch (IOException also) {
        throw new IOException(e.getMessage() + "; " + also.getMessage(), e);
      }
      LOG.error("{}; it is set aside, and its blocks are to be fetched", e.getMessage());
      return openStore(directory, List.of(directory));
    }
  }

  /** Elsewhere than in the data directory there may be anything, another node's store too. */
  private boolean isSurelyOurs(Path directory) throws IOException {
    List<UUID> stamps = new ArrayList<>(formerStamps);
    stamps.add(stamp);
    return directory.startsWith(dataDirectory) || LocalBlockStore.isOf(directory, stamps);
  }

  /** What is asked from now on how blocks are packed; see {@link LocalBlockOptions}. */
  void compress(Supplier<Compression> asked) {
    compression = asked;
  }

  private LocalBlocks openStore(Path directory, Collection<Path> fresh) throws IOException {
    boolean isOurs = directory.startsWith(dataDirectory);
    if (!isOurs && !Files.isDirectory(directory)) {
      throw new IOException("there is no directory " + directory + "; is its disk mounted?");
    }
    if (!isOurs && !fresh.contains(directory) && !LocalBlockStore.isIn(directory)) {
      throw new IOException(
          directory
              + " has no block store any more; is its disk mounted? (If it was emptied: delete "
              + file.file()
              + ", or say: pando disk add)");
    }
    LocalBlockStore.takeOver(directory, formerStamps, stamp);
    LocalBlockOptions options =
        LocalBlockOptions.of(directory, stamp)
            .withMemory(memoryBytes)
            .withCompression(() -> compression.get());
    LocalBlocks store = LocalBlockStore.open(options, clock, tidying);
    synchronized (devices) {
      devices.put(directory, Files.getAttribute(directory, "unix:dev"));
    }
    return store;
  }

  /** As {@link DiskSet#departures}. */
  long departures() {
    return set.departures();
  }

  /** The stores as one. */
  LocalBlocks blocks() {
    return set;
  }

  /**
   * From now on a lost disk is noted.
   *
   * @param atOnce run first, on the thread that met the failure; must not wait
   * @param executor for work that may wait
   * @param lastIsDamaged told, maybe often, when the last disk's store is damaged: only a start
   *     makes a new one; must not wait
   */
  void onLost(Runnable atOnce, Executor executor, Consumer<String> lastIsDamaged) {
    set.onLost(
        new DiskSet.Listener() {
          @Override
          public void lost(Path directory, String trouble) {
            atOnce.run();
            try {
              executor.execute(() -> takenOut(directory, trouble));
            } catch (RejectedExecutionException e) {
              LOG.info("the node is stopping; {} is tried again at its start", directory);
            }
          }

          @Override
          public void lastIsDamaged(String trouble) {
            lastIsDamaged.accept(trouble);
          }
        });
  }

  /** It may have been removed, or been taken out and added again, since it failed. */
  void takenOut(Path directory, String trouble) {
    synchronized (this) {
      entries.computeIfPresent(
          directory,
          (same, entry) ->
              entry.state() == State.USED ? new Entry(directory, State.OUT, trouble) : entry);
    }
    try {
      save();
    } catch (IOException e) {
      // A start would try the disk again, and compare what it has with what it must have.
      LOG.error("that {} is out could not be written down", directory, e);
    }
  }

  /** Notes it durably; when it throws, all is as before. */
  private void note(Path directory, @Nullable Entry entry) throws IOException {
    Entry before = put(directory, entry);
    try {
      save();
    } catch (IOException e) {
      put(directory, before);
      throw e;
    }
  }

  private synchronized @Nullable Entry put(Path directory, @Nullable Entry entry) {
    return entry == null ? entries.remove(directory) : entries.put(directory, entry);
  }

  private void save() throws IOException {
    synchronized (file) { // For nothing but this: the last to write has the latest.
      file.save(content());
    }
  }

  private synchronized @Nullable Entry entry(Path directory) {
    return entries.get(directory);
  }

  /** Takes a disk into use, one that was out too. */
  void add(Path directory) throws Refusal {
    refuseIfUsed(directory);
    if (!Files.isDirectory(directory)) {
      throw new Refusal("There is no directory " + directory + ".");
    }
    Entry before = entry(directory);
    set.forget(directory);
    try {
      LocalBlocks store = openStore(directory, List.of(directory));
      try {
        // First written down, then used: what is stored there must be found by the next start.
        note(directory, new Entry(directory, State.USED, ""));
      } catch (IOException e) {
        store.close();
        throw new IOException("that it is in use could not be written down: " + e.getMessage(), e);
      }
      addToSet(directory, store, before);
    } catch (IOException e) {
      throw new Refusal("Cannot use " + directory + ": " + e.getMessage() + ".", e);
    }
  }

  private void addToSet(Path directory, LocalBlocks store, @Nullable Entry before)
      throws IOException {
    try {
      set.add(directory, store);
    } catch (IOException e) {
      try {
        note(directory, before);
      } catch (IOException also) {
        e.addSuppressed(also); // A start would try the disk again, which does no harm.
      }
      throw e;
    }
  }

  private synchronized void refuseIfUsed(Path directory) throws Refusal {
    for (Entry each : entries.values()) {
      boolean isSame = each.directory().equals(directory);
      if (isSame && each.state() == State.USED) {
        throw new Refusal(directory + " is in use already.");
      }
      if (!isSame
          && each.state() == State.USED
          && (directory.startsWith(each.directory()) || each.directory().startsWith(directory))) {
        throw new Refusal(directory + " and " + each.directory() + " overlap.");
      }
    }
  }

  /** Moves what a disk has to the others and gives it up. Returns how many bad copies it had. */
  long remove(Path directory, Evacuation.Progress progress) throws Refusal, InterruptedException {
    Entry entry = entry(directory);
    if (entry == null || entry.state() == State.REMOVED) {
      throw new Refusal(directory + " is no disk of this node; see: pando disk ls");
    }
    long bad = 0;
    if (entry.state() == State.USED) {
      try {
        bad = set.remove(directory, progress);
      } catch (IOException e) {
        throw new Refusal(directory + " stays in use: " + e.getMessage() + ".", e);
      }
    } else {
      set.forget(directory);
    }
    try {
      note(directory, new Entry(directory, State.REMOVED, ""));
    } catch (IOException e) {
      // Not in use any more: it can be removed once more, or added.
      put(directory, new Entry(directory, State.OUT, "its removal could not be written down"));
      throw new Refusal(
          directory
              + " is out of use, but the next start would take it again, as that could not be"
              + " written down: "
              + e.getMessage()
              + ".",
          e);
    }
    return bad;
  }

  /**
   * What can still be stored, by the device's number; disks that share a device share its space.
   */
  Map<String, Long> freeByDevice() {
    Map<String, Long> free = new HashMap<>();
    for (DiskSet.Report report : set.reports()) {
      if (!report.leaving()) {
        free.merge(device(report), Math.max(0, report.usage().freeBytes()), Math::max);
      }
    }
    return free;
  }

  /**
   * The size of the disks that are filled; disks that share a device count once.
   *
   * @throws IOException if one does not say
   */
  long capacityBytes() throws IOException {
    Map<String, Long> sizes = new HashMap<>();
    for (DiskSet.Report report : set.reports()) {
      if (!report.leaving()) {
        sizes.put(device(report), Files.getFileStore(report.directory()).getTotalSpace());
      }
    }
    return sizes.values().stream().mapToLong(Long::longValue).sum();
  }

  private String device(DiskSet.Report report) {
    synchronized (devices) {
      return String.valueOf(devices.getOrDefault(report.directory(), report.directory()));
    }
  }

  /** What is wrong, in sentences. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    synchronized (this) {
      for (Entry entry : entries.values()) {
        if (entry.state() == State.OUT) {
          problems.add("the disk " + entry.directory() + " is out: " + entry.trouble());
        }
      }
    }
    for (DiskSet.Report report : set.reports()) {
      if (LocalBlockStore.hasAside(report.directory())) {
        problems.add(
            "a block store was damaged and is set aside in "
                + LocalBlockStore.aside(report.directory())
                + ": delete it when no node lacks blocks");
      }
      if (!report.trouble().isEmpty()) {
        problems.add("the disk " + report.directory() + " fails: " + report.trouble());
      }
    }
    return problems;
  }

  /** A row for each disk that was not removed. */
  List<Map<String, @Nullable Object>> document() {
    Map<Path, DiskSet.Report> used = new HashMap<>();
    set.reports().forEach(report -> used.put(report.directory(), report));
    List<Entry> all;
    synchronized (this) {
      all = List.copyOf(entries.values());
    }
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (Entry entry : all) {
      DiskSet.Report report = used.get(entry.directory());
      if (entry.state() != State.REMOVED) {
        rows.add(row(entry, report));
      }
    }
    return rows;
  }

  private static Map<String, @Nullable Object> row(Entry entry, DiskSet.@Nullable Report report) {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("directory", entry.directory().toString());
    if (report == null) {
      row.put("state", "out");
      row.put("trouble", entry.trouble());
    } else {
      row.put("state", report.leaving() ? "leaving" : "used");
      row.put("trouble", report.trouble());
      row.put("stored_blocks", report.usage().blocks());
      row.put("stored_bytes", report.usage().usedBytes());
      row.put("free_bytes", report.usage().freeBytes());
    }
    return row;
  }
}
