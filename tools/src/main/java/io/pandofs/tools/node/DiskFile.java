package io.pandofs.tools.node;

import io.pandofs.common.DurableFiles;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
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

  /**
   * What the file says.
   *
   * @param disks in the order in which they came
   * @param formerStamps of the block stores of the nodes that this one was before
   */
  record Content(List<Entry> disks, List<UUID> formerStamps) {
    Content {
      disks = List.copyOf(disks);
      formerStamps = List.copyOf(formerStamps);
    }
  }

  /** Nothing when there is no file. */
  Content load() throws Refusal {
    if (!exists()) {
      return new Content(List.of(), List.of());
    }
    try {
      JsonObject saved = JsonReader.readObject(Files.readString(file));
      if (saved.number("version") != VERSION) {
        throw new Refusal(file + " is of another version; upgrade Pando.");
      }
      List<Entry> disks = new ArrayList<>();
      for (JsonObject each : saved.objects("disks")) {
        State state = State.valueOf(each.text("state").toUpperCase(Locale.ROOT));
        disks.add(new Entry(Path.of(each.text("directory")), state, each.text("trouble")));
      }
      return new Content(
          disks, saved.texts("former_stamps").stream().map(UUID::fromString).toList());
    } catch (IOException | IllegalArgumentException e) {
      throw new Refusal(
          file
              + " cannot be read: "
              + e.getMessage()
              + ". Delete it to have the disks taken that the configuration names.",
          e);
    }
  }

  void save(Content content) throws IOException {
    List<Map<String, @Nullable Object>> disks = new ArrayList<>();
    for (Entry entry : content.disks()) {
      Map<String, @Nullable Object> disk = new LinkedHashMap<>();
      disk.put("directory", entry.directory().toString());
      disk.put("state", entry.state().name().toLowerCase(Locale.ROOT));
      disk.put("trouble", entry.trouble());
      disks.add(disk);
    }
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("version", VERSION);
    document.put("disks", disks);
    document.put("former_stamps", content.formerStamps().stream().map(UUID::toString).toList());
    DurableFiles.replace(
        file, (JsonWriter.write(document) + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
