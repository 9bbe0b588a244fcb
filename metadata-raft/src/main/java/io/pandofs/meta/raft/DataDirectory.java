package io.pandofs.meta.raft;

import io.pandofs.common.DurableFiles;
import io.pandofs.common.NodeId;
import io.pandofs.common.identity.IdentityFiles;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A node's data directory: whose it is, that all in it belongs together, and that only one process
 * uses it. Every complaint is one sentence for a person; nothing is changed when there is one.
 */
public final class DataDirectory implements AutoCloseable {
  private static final String STAMP = "STAMP";

  private final Path root;
  private final FileChannel channel;
  private final FileLock lock;
  private final DamageRecord damage;

  private DataDirectory(Path root, FileChannel channel, FileLock lock) {
    this.root = root;
    this.channel = channel;
    this.lock = lock;
    this.damage = new DamageRecord(root);
  }

  /** Takes the directory for this process, making it if it is missing. */
  public static DataDirectory lock(Path root) throws IOException {
    Path identity = root.resolve("identity");
    Files.createDirectories(identity);
    for (Path closed : List.of(root, identity)) {
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    }
    FileChannel channel =
        FileChannel.open(
            identity.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      channel.close();
      throw new RefusedException(root + " is in use by another process");
    }
    return new DataDirectory(root, channel, lock);
  }

  Path raft() {
    return root.resolve("raft");
  }

  Path meta() {
    return root.resolve("meta");
  }

  /** Where {@link LogMark} is kept. */
  Path mark() {
    return meta().resolve("MARK");
  }

  /** What is known of the Raft group that was, and of its other members, holds no more. */
  void forgetEvidence() throws IOException {
    Files.deleteIfExists(mark());
    DurableFiles.syncNamesAbove(mark());
    damage.members(List.of());
  }

  /** What is remembered of a replica that must not be used again. */
  DamageRecord damage() {
    return damage;
  }

  /** Why this node must not use what is here, but join again; null when it may. */
  public @Nullable String damageReason() throws IOException {
    return damage.reason();
  }

  /** Remembers that what is here must not be used again. */
  public void markDamaged(String reason) throws IOException {
    damage.write(reason);
  }

  /** The control addresses of the other members as they were last known; may be empty. */
  public List<String> lastKnownMembers() throws IOException {
    return damage.members();
  }

  /**
   * Moves a replica that must not be used again out of the way, for {@link MetadataReplica#join}.
   * Nothing is deleted. Can be repeated.
   *
   * @return where it is now
   */
  public Path putAside() throws IOException {
    return damage.putAside(identityFile());
  }

  /**
   * Who this node was before it was put aside, until {@link #forgetPredecessor}; null when it was
   * nobody.
   */
  public @Nullable Identity predecessor() throws IOException {
    return Files.exists(damage.predecessor()) ? read(root, damage.predecessor()) : null;
  }

  /** Everything that was its predecessor's is taken over. */
  public void forgetPredecessor() throws IOException {
    damage.forgetPredecessor();
  }

  /** The node's keys and certificates. */
  public IdentityFiles files() {
    return new IdentityFiles(root.resolve("identity"));
  }

  private Path identityFile() {
    return identityFile(root);
  }

  private static Path identityFile(Path root) {
    return root.resolve("identity").resolve("node.properties");
  }

  /**
   * Whose directory it is; null when it is nobody's yet. Checks that all in it belongs together.
   */
  public @Nullable Identity identity() throws IOException {
    if (!Files.exists(identityFile())) {
      for (Path part : List.of(raft(), meta())) {
        if (holdsMoreThanStamp(part)) {
          throw new RefusedException(
              part
                  + " has data but "
                  + identityFile()
                  + " is missing: restore it, or empty "
                  + root
                  + " and join as a new node");
        }
      }
      return null;
    }
    Identity identity = read(root, identityFile());
    for (Path part : List.of(raft(), meta())) {
      checkStamp(part, identity);
    }
    return identity;
  }

  /**
   * What a data directory says of whose it is, for one who only looks: without the lock, and
   * whether or not the rest fits. Empty when it is nobody's.
   */
  public static Optional<Identity> peek(Path root) throws IOException {
    Path file = identityFile(root);
    return Files.exists(file) ? Optional.of(read(root, file)) : Optional.empty();
  }

  private static boolean holdsMoreThanStamp(Path part) throws IOException {
    if (!Files.isDirectory(part)) {
      return false;
    }
    try (var entries = Files.newDirectoryStream(part)) {
      for (Path entry : entries) {
        if (!entry.getFileName().toString().startsWith(STAMP)) {
          return true;
        }
      }
    }
    return false;
  }

  private static Identity read(Path root, Path file) throws IOException {
    Properties p = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      p.load(reader);
      int format = Integer.parseInt(p.getProperty("format", "0"));
      if (format > Identity.FORMAT) {
        throw new RefusedException(
            root
                + " has format version "
                + format
                + "; this program knows up to "
                + Identity.FORMAT);
      }
      List<String> contacts = new ArrayList<>();
      for (String contact : p.getProperty("contacts", "").split(",", -1)) {
        if (!contact.isBlank()) {
          contacts.add(contact.strip());
        }
      }
      return new Identity(
          Long.parseUnsignedLong(p.getProperty("volume", ""), 16),
          new NodeId(Long.parseLong(p.getProperty("node", ""))),
          Long.parseUnsignedLong(p.getProperty("incarnation", ""), 16),
          Integer.parseInt(p.getProperty("epoch", "0")),
          Identity.Stage.valueOf(p.getProperty("stage", "")),
          contacts);
    } catch (IllegalArgumentException e) {
      throw new RefusedException(file + " is damaged: " + e.getMessage());
    }
  }

  private void checkStamp(Path part, Identity identity) throws IOException {
    Path stamp = part.resolve(STAMP);
    if (!Files.exists(stamp)) {
      throw new DamagedException(part + " is missing or has no stamp");
    }
    String found = Files.readString(stamp).strip();
    if (!found.equals(Long.toHexString(identity.incarnation()))) {
      throw new DamagedException(part + " belongs to another node, or to this one's past");
    }
  }

  /** Writes a new node's identity; the identity itself last, so that half of it is never seen. */
  void found(Identity identity) throws IOException {
    Identity before = predecessor();
    if (before != null && before.volumeId() != identity.volumeId()) {
      throw new RefusedException(
          "the cluster that was asked is "
              + Long.toHexString(identity.volumeId())
              + ", but this node belonged to "
              + Long.toHexString(before.volumeId()));
    }
    for (Path part : List.of(raft(), meta())) {
      // What a founding that did not come to its end has left.
      DurableFiles.deleteTree(part);
      Files.createDirectories(part);
      DurableFiles.replace(
          part.resolve(STAMP),
          Long.toHexString(identity.incarnation()).getBytes(StandardCharsets.US_ASCII));
    }
    write(identity);
  }

  /**
   * Writes how far this node has come.
   *
   * @throws RefusedException it was removed meanwhile, which nothing takes back
   */
  synchronized void write(Identity identity) throws IOException {
    Identity before = Files.exists(identityFile()) ? read(root, identityFile()) : null;
    if (before != null
        && before.stage() == Identity.Stage.REMOVED
        && before.incarnation() == identity.incarnation()) {
      throw new RefusedException(before.node() + " was removed from the cluster");
    }
    Properties p = new Properties();
    p.setProperty("format", Integer.toString(Identity.FORMAT));
    p.setProperty("volume", Long.toHexString(identity.volumeId()));
    p.setProperty("node", Long.toString(identity.node().value()));
    p.setProperty("incarnation", Long.toHexString(identity.incarnation()));
    p.setProperty("epoch", Integer.toString(identity.clusterEpoch()));
    p.setProperty("stage", identity.stage().name());
    p.setProperty("contacts", String.join(",", identity.contacts()));
    StringWriter text = new StringWriter();
    p.store(text, "who this node is; do not copy to another machine");
    DurableFiles.replace(identityFile(), text.toString().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws IOException {
    lock.release();
    channel.close();
  }
}
