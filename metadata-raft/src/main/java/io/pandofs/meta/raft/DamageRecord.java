package io.pandofs.meta.raft;

import io.pandofs.common.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a data directory remembers of a replica that must not be used again, until the node is a
 * member under a new id: files in identity/, each replaced in one step.
 *
 * <p>{@code damaged} is written first and says why; whoever finds it moves raft/, meta/ and the old
 * identity to damaged-N/ and takes it away last, so that a process that dies in between goes on
 * where it was. {@code predecessor.properties} is the old identity, kept until the block store has
 * been taken over. {@code members} are the control addresses of the last known members. Nothing of
 * the old replica is deleted.
 */
final class DamageRecord {
  private static final int KEPT_MAX = 1000;

  private final Path root;

  DamageRecord(Path root) {
    this.root = root;
  }

  private Path identity(String name) {
    return root.resolve("identity").resolve(name);
  }

  /** Why the replica must not be used; null when it may. */
  @Nullable String reason() throws IOException {
    Path file = identity("damaged");
    return Files.exists(file) ? Files.readString(file).strip() : null;
  }

  void write(String reason) throws IOException {
    DurableFiles.replace(identity("damaged"), (reason + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Where the identity of a replica that was put aside is kept. */
  Path predecessor() {
    return identity("predecessor.properties");
  }

  void forgetPredecessor() throws IOException {
    Files.deleteIfExists(predecessor());
    DurableFiles.syncNamesAbove(predecessor());
  }

  /**
   * Moves the replica out of the way; done in part by an earlier try, goes on.
   *
   * @return where it is now
   */
  Path putAside(Path identityFile) throws IOException {
    if (Files.exists(identityFile) && !Files.exists(predecessor())) {
      DurableFiles.replace(predecessor(), Files.readAllBytes(identityFile));
    }
    Path aside = asideDirectory(identityFile);
    for (String part : List.of("raft", "meta")) {
      Path from = root.resolve(part);
      if (Files.exists(from) && !Files.exists(aside.resolve(part))) {
        Files.move(from, aside.resolve(part), StandardCopyOption.ATOMIC_MOVE);
      }
    }
    Path damaged = identity("damaged");
    if (Files.exists(damaged)) {
      Files.copy(damaged, aside.resolve("why"), StandardCopyOption.REPLACE_EXISTING);
    }
    if (Files.exists(identityFile)) {
      Files.move(
          identityFile, aside.resolve("node.properties"), StandardCopyOption.REPLACE_EXISTING);
    }
    DurableFiles.sync(aside);
    DurableFiles.sync(root);
    DurableFiles.syncNamesAbove(identityFile);
    Files.deleteIfExists(damaged);
    DurableFiles.syncNamesAbove(damaged);
    return aside;
  }

  /** A new directory, or the one that an earlier try began to fill. */
  private Path asideDirectory(Path identityFile) throws IOException {
    for (int i = 1; i < KEPT_MAX; i++) {
      Path aside = root.resolve("damaged-" + i);
      if (!Files.exists(aside)) {
        Files.createDirectory(aside);
        return aside;
      }
      if (Files.exists(identityFile) && !Files.exists(aside.resolve("node.properties"))) {
        return aside;
      }
    }
    throw new RefusedException("there are too many directories damaged-N in " + root);
  }

  /** The control addresses of the last known members; none when there never were. */
  List<String> members() throws IOException {
    List<String> members = new ArrayList<>();
    Path file = identity("members");
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        if (!line.isBlank()) {
          members.add(line.strip());
        }
      }
    }
    return members;
  }

  /** Writes them if they have changed. */
  void members(List<String> members) throws IOException {
    if (!members().equals(members)) {
      DurableFiles.replace(
          identity("members"),
          (String.join("\n", members) + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }
}
