package io.pandofs.tools.node;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Remembers in a file which disks a node has, durably. */
final class DiskFile {
  private static final int VERSION = 1;

  private final Path file;

  /** What is to be done with a disk. */
  enum State {
    /** It is opened at a start. */
    USED,
    /** It failed, and is left alone until somebody adds it again. */
    OUT,
    /** It was removed, and is left alone though the configuration may still name it. */
    REMOVED
  }

  /**
   * A disk.
   *
   * @param trouble why it is out; otherwise empty
   */
  record Entry(Path directory, State state, String trouble) {}

  DiskFile(Path dataDirectory) {
    this.file = dataDirectory.resolve("disks.json");
  }

  Path file() {
    return file;
  }

  boolean exists() {
    return Files.exists(file);
  }

  /** In the order in which they came; empty when there is no file. */
  Map<Path, Entry> load() throws Refusal {
    Map<Path, Entry> entries = new LinkedHashMap<>();
    if (!exists()) {
      return entries;
    }
    try {
      JsonObject saved = JsonReader.readObject(Files.readString(file));
      if (saved.number("version") != VERSION) {
        throw new Refusal(file + " is of another version; upgrade Pando.");
      }
      for (JsonObject each : saved.objects("disks")) {
        Path directory = Path.of(each.text("directory"));
        State state = State.valueOf(each.text("state").toUpperCase(Locale.ROOT));
        entries.put(directory, new Entry(directory, state, each.text("trouble")));
      }
      return entries;
    } catch (IOException | IllegalArgumentException e) {
      throw new Refusal(
          file
              + " cannot be read: "
              + e.getMessage()
              + ". Delete it to have the disks taken that the configuration names.",
          e);
    }
  }

  void save(Collection<Entry> entries) throws IOException {
    List<Map<String, @Nullable Object>> disks = new ArrayList<>();
    for (Entry entry : entries) {
      Map<String, @Nullable Object> disk = new LinkedHashMap<>();
      disk.put("directory", entry.directory().toString());
      disk.put("state", entry.state().name().toLowerCase(Locale.ROOT));
      disk.put("trouble", entry.trouble());
      disks.add(disk);
    }
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("version", VERSION);
    document.put("disks", disks);
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(fresh, JsonWriter.write(document) + "\n");
    sync(fresh);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    sync(file.resolveSibling("."));
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
