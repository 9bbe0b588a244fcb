package io.pandofs.block.local;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.pandofs.block.StoreRefusedException;
import io.pandofs.block.StoreRefusedException.Reason;
import io.pandofs.common.Checksums;
import io.pandofs.common.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directory of a store: {@code STORE} says whose it is and in which format; {@code db} is the
 * database, whose own lock is the lock of the store; {@code incoming} holds table files that are
 * not yet part of it, and is emptied at every start.
 *
 * <p>{@code DAMAGED} says, in words, that the tables were found to be damaged when the store was
 * open. {@code damaged} holds the parts of a damaged store that was set aside, {@code damaged.part}
 * of one whose setting aside was interrupted.
 *
 * <p>STORE: magic "PANDOBLK", version (u32), stamp (16 bytes), CRC32C over these (u32).
 */
final class StoreHome {
  static final int VERSION = 1;
  private static final byte[] MAGIC = "PANDOBLK".getBytes(US_ASCII);
  private static final int BYTES = 8 + 4 + 16 + 4;

  private static final String STORE = "STORE";
  private static final String NOTE = "DAMAGED";
  private static final String DATABASE = "db";
  private static final String INCOMING = "incoming";
  private static final String ASIDE = "damaged";
  private static final String ASIDE_PART = "damaged.part";

  private final Path directory;

  StoreHome(Path directory) throws IOException {
    this.directory = directory;
    Files.createDirectories(directory);
  }

  /** Whether somebody once made a store in the directory. */
  static boolean isIn(Path directory) {
    return Files.exists(directory.resolve(STORE));
  }

  Path database() {
    return directory.resolve(DATABASE);
  }

  Path incoming() {
    return directory.resolve(INCOMING);
  }

  /** Not only where that cannot be told: a disk that gives errors has not lost its database. */
  boolean hasDatabase() {
    return !Files.notExists(database().resolve("CURRENT"));
  }

  /** Whether there are files that no interrupted making of a store leaves behind. */
  boolean hasStrangers() throws IOException {
    Set<String> known =
        Set.of(DATABASE, INCOMING, STORE + ".new", "lost+found", ASIDE, ASIDE_PART, NOTE + ".new");
    try (Stream<Path> files = Files.list(directory)) {
      return files.anyMatch(file -> !known.contains(file.getFileName().toString()));
    }
  }

  /**
   * Whether STORE is there and says that this store can be opened under the stamp.
   *
   * @return false when there is no STORE
   */
  boolean isStamped(UUID stamp) throws IOException {
    UUID found = stamp();
    if (found != null && !found.equals(stamp)) {
      throw refuse(
          Reason.WRONG_STAMP, "belongs to incarnation " + found + ", not to this node's " + stamp);
    }
    return found != null;
  }

  /** What STORE says; null when there is none. */
  @Nullable UUID stamp() throws IOException {
    Path file = directory.resolve(STORE);
    if (Files.notExists(file)) {
      return null;
    }
    byte[] bytes = Files.readAllBytes(file);
    if (bytes.length < MAGIC.length + 4
        || !ByteBuffer.wrap(bytes, 0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
      throw refuse(Reason.DAMAGED, "is damaged: its file STORE is not one of Pando's");
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, MAGIC.length, bytes.length - MAGIC.length);
    int version = in.getInt();
    int last = bytes.length - 4;
    if (in.remaining() < 4
        || ByteBuffer.wrap(bytes).getInt(last) != Checksums.crc32c(bytes, 0, last)) {
      throw refuse(Reason.DAMAGED, "is damaged: its file STORE does not match its checksum");
    }
    if (version > VERSION) {
      throw refuse(
          Reason.NEWER_VERSION,
          "has format " + version + ", this Pando knows up to " + VERSION + ": upgrade Pando");
    }
    if (version != VERSION || bytes.length != BYTES) {
      throw refuse(Reason.DAMAGED, "is damaged: its file STORE has an impossible version or size");
    }
    return new UUID(in.getLong(), in.getLong());
  }

  /** Writes STORE, durably. */
  void stamp(UUID stamp) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(BYTES);
    out.put(MAGIC).putInt(VERSION);
    out.putLong(stamp.getMostSignificantBits()).putLong(stamp.getLeastSignificantBits());
    out.putInt(Checksums.crc32c(out.array(), 0, BYTES - 4));
    DurableFiles.replace(directory.resolve(STORE), out.array());
    // A directory without a parent, or whose parent is not ours to open, was not made by us.
    Path parent = directory.toAbsolutePath().getParent();
    if (parent != null && Files.isReadable(parent)) {
      DurableFiles.sync(parent);
    }
  }

  /** Notes, durably, that the tables are damaged. */
  void note(String what) throws IOException {
    DurableFiles.replace(directory.resolve(NOTE), (what + "\n").getBytes(UTF_8));
  }

  /** What was noted; null if nothing was. */
  @Nullable String noted() throws IOException {
    Path file = directory.resolve(NOTE);
    return Files.exists(file) ? Files.readString(file).strip() : null;
  }

  static Path aside(Path directory) {
    return directory.resolve(ASIDE);
  }

  /** Whether {@link #setAside} was interrupted. */
  boolean hasPartAside() {
    return Files.exists(directory.resolve(ASIDE_PART));
  }

  /**
   * Moves the store, which is not open, out of the way. Interrupted, it is gone on with by calling
   * it again.
   */
  void setAside() throws IOException {
    if (Files.exists(aside(directory))) {
      throw new IOException("an earlier store that was damaged is still in " + aside(directory));
    }
    Path part = Files.createDirectories(directory.resolve(ASIDE_PART));
    for (String name : List.of(DATABASE, INCOMING, STORE, NOTE)) {
      Path from = directory.resolve(name);
      if (Files.exists(from)) {
        Files.move(from, part.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      }
    }
    DurableFiles.sync(part);
    Files.move(part, aside(directory), StandardCopyOption.ATOMIC_MOVE);
    DurableFiles.sync(directory);
  }

  /** Removes what a killed process left half made. The caller holds the lock of the database. */
  void sweep() throws IOException {
    Files.createDirectories(incoming());
    removeFiles(incoming(), "");
    if (Files.isDirectory(database())) {
      removeFiles(database(), ".tmp");
    }
  }

  private static void removeFiles(Path in, String suffix) throws IOException {
    try (Stream<Path> files = Files.list(in)) {
      for (Path file : files.filter(f -> f.toString().endsWith(suffix)).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Bytes that this process could still write to the disk. */
  long usableBytes() throws IOException {
    return directory.toFile().getUsableSpace();
  }

  StoreRefusedException refuse(Reason reason, String what) {
    return new StoreRefusedException(reason, directory, what);
  }

  StoreRefusedException refuse(Reason reason, String what, Throwable cause) {
    return new StoreRefusedException(reason, directory, what, cause);
  }
}
