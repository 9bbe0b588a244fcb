package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.DurableFiles;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.SnapshotRetentionPolicy;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.impl.FileListSnapshotInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of the tables that the log may be purged up to: one directory each, named by term
 * and index, which appears under its name only when all in it is on stable storage. They lie beside
 * the live tables (hard links need one filesystem) and not among Ratis' own files, of which an
 * install replaces the whole directory. What an install brings has no such care taken by Ratis: see
 * {@link #syncArrivals}.
 */
final class Checkpoints implements StateMachineStorage {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
  private static final Pattern NAME = Pattern.compile("(\\d+)_(\\d+)");

  /** Ratis puts a file of this ending beside each file it installs. */
  static final String DIGEST_SUFFIX = ".md5";

  private final Path root;
  private final Path arrivals;

  @GuardedBy("this")
  private @Nullable FileListSnapshotInfo latest;

  Checkpoints(Path metaDir) {
    root = metaDir.resolve("checkpoints");
    arrivals = metaDir.resolve("arriving");
  }

  @Override
  public void init(RaftStorage storage) throws IOException {
    prepare();
  }

  /** Looks what is there, after a start and after an install. */
  synchronized void prepare() throws IOException {
    Files.createDirectories(root);
    Files.createDirectories(arrivals);
    for (Path unfinished : list(root, name -> !NAME.matcher(name).matches())) {
      DurableFiles.deleteTree(unfinished);
    }
    latest = null;
    for (Path checkpoint : inOrder()) {
      latest = describe(checkpoint);
    }
  }

  /** The index of the newest checkpoint that this node made itself; -1 for none. */
  long newestMade() throws IOException {
    return newest(false);
  }

  /** The index of the newest checkpoint that came from another node; -1 for none. */
  long newestInstalled() throws IOException {
    return newest(true);
  }

  private synchronized long newest(boolean installed) throws IOException {
    long newest = -1;
    for (Path checkpoint : inOrder()) {
      boolean hasDigests;
      try (var digests = Files.newDirectoryStream(checkpoint, "*" + DIGEST_SUFFIX)) {
        hasDigests = digests.iterator().hasNext();
      }
      if (hasDigests == installed) {
        newest = at(checkpoint).getIndex();
      }
    }
    return newest;
  }

  /**
   * The checkpoint that an install has brought last and that has no name yet; what earlier installs
   * left half done is deleted.
   */
  Path arrived() throws IOException {
    Path newest = null;
    FileTime at = FileTime.fromMillis(Long.MIN_VALUE);
    List<Path> all = list(arrivals, name -> true);
    for (Path arrival : all) {
      for (Path file : filesBelow(arrival)) {
        FileTime modified = Files.getLastModifiedTime(file);
        if (modified.compareTo(at) > 0) {
          at = modified;
          newest = arrival;
        }
      }
    }
    for (Path arrival : all) {
      if (!arrival.equals(newest)) {
        DurableFiles.deleteTree(arrival);
      }
    }
    for (Path file : newest == null ? List.<Path>of() : filesBelow(newest)) {
      Path directory = file.getParent();
      if (file.endsWith("CURRENT") && directory != null) {
        return directory;
      }
    }
    throw new IOException("no checkpoint has arrived in " + arrivals);
  }

  private static List<Path> filesBelow(Path directory) throws IOException {
    try (var tree = Files.walk(directory)) {
      return tree.filter(Files::isRegularFile).toList();
    }
  }

  /** Half-arrived checkpoints of an earlier life. */
  void dropArrivals() throws IOException {
    DurableFiles.deleteTree(arrivals);
    Files.createDirectories(arrivals);
    Path above = root.toAbsolutePath().getParent();
    if (above != null) {
      for (Path replaced : list(above, name -> name.startsWith("checkpoints."))) {
        DurableFiles.deleteTree(replaced);
      }
    }
  }

  /** Makes what an install has brought durable, before Ratis gives it its name. */
  void syncArrivals() throws IOException {
    DurableFiles.syncTree(arrivals);
  }

  /** Where a checkpoint is to be made before {@link #publish}. */
  Path workDirectory(TermIndex at) throws IOException {
    Path work = root.resolve("making-" + at.getIndex());
    DurableFiles.deleteTree(work);
    return work;
  }

  /** Gives a made checkpoint its name, once it is durable. */
  synchronized void publish(Path work, TermIndex at) throws IOException {
    DurableFiles.syncTree(work);
    Path named = directory(at);
    DurableFiles.deleteTree(named);
    Files.move(work, named);
    DurableFiles.sync(root);
    latest = describe(named);
  }

  Path directory(TermIndex at) {
    return root.resolve(at.getTerm() + "_" + at.getIndex());
  }

  @Override
  public synchronized @Nullable SnapshotInfo getLatestSnapshot() {
    return latest;
  }

  @Override
  public void format() {
    // Ratis formats its own directory; ours is made by init.
  }

  @Override
  public synchronized void cleanupOldSnapshots(SnapshotRetentionPolicy policy) throws IOException {
    int keep = policy.getNumSnapshotsRetained();
    List<Path> all = inOrder();
    for (int i = 0; keep > 0 && i < all.size() - keep; i++) {
      DurableFiles.deleteTree(all.get(i));
      LOG.debug("Deleted checkpoint {}", all.get(i).getFileName());
    }
  }

  @Override
  public File getSnapshotDir() {
    return root.toFile();
  }

  @Override
  public File getTmpDir() {
    return arrivals.toFile();
  }

  private List<Path> inOrder() throws IOException {
    List<Path> all = list(root, name -> NAME.matcher(name).matches());
    all.sort(Comparator.comparingLong(path -> at(path).getIndex()));
    return all;
  }

  private static List<Path> list(Path directory, java.util.function.Predicate<String> wanted)
      throws IOException {
    List<Path> found = new ArrayList<>();
    try (var entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (wanted.test(entry.getFileName().toString())) {
          found.add(entry);
        }
      }
    }
    return found;
  }

  private static FileListSnapshotInfo describe(Path checkpoint) throws IOException {
    List<FileInfo> files = new ArrayList<>();
    try (var entries = Files.newDirectoryStream(checkpoint)) {
      for (Path entry : entries) {
        if (!entry.getFileName().toString().endsWith(DIGEST_SUFFIX)) {
          files.add(new FileInfo(entry.toAbsolutePath(), null));
        }
      }
    }
    return new FileListSnapshotInfo(files, at(checkpoint));
  }

  private static TermIndex at(Path checkpoint) {
    Matcher matcher = NAME.matcher(checkpoint.getFileName().toString());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("not a checkpoint: " + checkpoint);
    }
    return TermIndex.valueOf(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
  }
}
