package io.pandofs.tools.space;

import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.json.JsonWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * One node's block store.
 *
 * @param device the machine and the device it is on: stores with the same one share its free space
 * @param freeBytes what can still be written there
 */
public record NodeSpace(String device, long freeBytes) {
  private static final int BYTES_MAX = 1024;

  public NodeSpace {
    if (freeBytes < 0) {
      throw new IllegalArgumentException("negative space");
    }
  }

  /** As nodes tell it to each other: a JSON object in UTF-8. */
  byte[] encode() {
    return JsonWriter.write(Map.of("device", device, "free_bytes", freeBytes))
        .getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads what a node told.
   *
   * @throws IllegalArgumentException when it is not that
   */
  static NodeSpace decode(ByteBuffer header) {
    if (header.remaining() > BYTES_MAX) {
      throw new IllegalArgumentException("too long");
    }
    JsonObject told = JsonReader.readObject(StandardCharsets.UTF_8.decode(header).toString());
    return new NodeSpace(told.text("device"), told.number("free_bytes"));
  }
}
