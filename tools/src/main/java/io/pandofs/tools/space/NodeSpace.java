package io.pandofs.tools.space;

import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.json.JsonWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one node can still store.
 *
 * @param freeBytes of each device that its blocks are on, by the machine and the device: stores on
 *     the same one share its free space, be they one node's or several nodes'
 */
public record NodeSpace(Map<String, Long> freeBytes) {
  private static final int DEVICES_MAX = 256;
  private static final int BYTES_MAX = 32 << 10;

  public NodeSpace {
    freeBytes = Map.copyOf(freeBytes);
    if (freeBytes.size() > DEVICES_MAX || freeBytes.values().stream().anyMatch(free -> free < 0)) {
      throw new IllegalArgumentException("too many devices, or negative space");
    }
  }

  /**
   * The space of a node's own devices.
   *
   * @param machine what tells it from other machines
   */
  public static NodeSpace of(String machine, Map<String, Long> freeByDevice) {
    Map<String, Long> free = new HashMap<>();
    freeByDevice.forEach((device, bytes) -> free.put(machine + "/" + device, bytes));
    return new NodeSpace(free);
  }

  /** As nodes tell it to each other: a JSON object in UTF-8. */
  byte[] encode() {
    List<Map<String, Object>> devices = new ArrayList<>();
    freeBytes.forEach((device, free) -> devices.add(Map.of("device", device, "free_bytes", free)));
    return JsonWriter.write(Map.of("devices", devices)).getBytes(StandardCharsets.UTF_8);
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
    if (!(told.values().get("devices") instanceof List)) {
      throw new IllegalArgumentException("no devices");
    }
    Map<String, Long> free = new HashMap<>();
    for (JsonObject device : told.objects("devices")) {
      free.merge(device.text("device"), device.number("free_bytes"), Math::min);
    }
    return new NodeSpace(free);
  }
}
