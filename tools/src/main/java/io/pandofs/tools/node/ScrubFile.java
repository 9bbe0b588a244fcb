package io.pandofs.tools.node;

import io.pandofs.block.replication.Scrub;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers in a file how far the scrub is. The file is worth nothing but a pass that need not
 * begin anew: it is not synced, and one that cannot be read is taken for none.
 */
final class ScrubFile implements Scrub.Journal {
  private static final Logger LOG = LoggerFactory.getLogger(ScrubFile.class);
  private static final int VERSION = 1;

  private final Path file;

  ScrubFile(Path file) {
    this.file = file;
  }

  @Override
  public Scrub.State load() {
    if (!Files.exists(file)) {
      return Scrub.State.NEW;
    }
    try {
      JsonObject saved = JsonReader.readObject(Files.readString(file));
      if (saved.number("version") == VERSION) {
        return new Scrub.State(
            Math.max(0, saved.number("cursor")),
            Math.max(0, saved.number("up_to")),
            pass(saved.object("present")),
            pass(saved.object("last")));
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("the scrub begins anew: {} cannot be read: {}", file, e.toString());
    }
    return Scrub.State.NEW;
  }

  private static Scrub.@Nullable Pass pass(JsonObject saved) {
    return saved.values().isEmpty()
        ? null
        : new Scrub.Pass(
            saved.number("started"),
            saved.number("ended"),
            saved.number("blocks"),
            saved.number("bytes"),
            saved.number("faults"));
  }

  @Override
  public void save(Scrub.State state) throws IOException {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("version", VERSION);
    document.put("cursor", state.cursor());
    document.put("up_to", state.upTo());
    document.put("present", document(state.present()));
    document.put("last", document(state.last()));
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(fresh, JsonWriter.write(document) + "\n");
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** A pass for people's programs too; empty when there is none. */
  static Map<String, @Nullable Object> document(Scrub.@Nullable Pass pass) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    if (pass != null) {
      document.put("started", pass.startedSeconds());
      document.put("ended", pass.endedSeconds());
      document.put("blocks", pass.blocks());
      document.put("bytes", pass.bytes());
      document.put("faults", pass.faults());
    }
    return document;
  }
}
