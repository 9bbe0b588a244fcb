package io.pandofs.tools.space;

import io.pandofs.common.BlockId;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.json.JsonWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one node tells of the blocks that it stores.
 *
 * @param freeBytes of each device that its blocks are on, by the machine and the device: stores on
 *     the same one share its free space, be they one node's or several nodes'
 * @param lacking how many committed blocks it lacks of each placement group, those without any left
 *     out; null while it has not compared what it holds with what it must
 */
public record NodeStore(Map<String, Long> freeBytes, @Nullable Map<Integer, Long> lacking) {
  private static final int DEVICES_MAX = 256;
  private static final int BYTES_MAX = 64 << 10;

  public NodeStore {
    freeBytes = Map.copyOf(freeBytes);
    lacking = lacking == null ? null : Map.copyOf(lacking);
    if (freeBytes.size() > DEVICES_MAX || isNegative(freeBytes)) {
      throw new IllegalArgumentException("too many devices, or negative space");
    }
    if (lacking != null
        && (isNegative(lacking)
            || lacking.keySet().stream().anyMatch(group -> group < 0 || group >= BlockId.GROUPS))) {
      throw new IllegalArgumentException("lacks what is not there");
    }
  }

  private static boolean isNegative(Map<?, Long> counts) {
    return counts.values().stream().anyMatch(count -> count < 0);
  }

  /**
   * That of a node with devices of its own.
   *
   * @param machine what tells it from other machines
   * @param lacking see the record
   */
  public static NodeStore of(
      String machine, Map<String, Long> freeByDevice, @Nullable Map<Integer, Long> lacking) {
    Map<String, Long> free = new HashMap<>();
    freeByDevice.forEach((device, bytes) -> free.put(machine + "/" + device, bytes));
    return new NodeStore(free, lacking);
  }

  /** As nodes tell it to each other: a JSON object in UTF-8. */
  byte[] encode() {
    List<Map<String, Object>> devices = new ArrayList<>();
    freeBytes.forEach((device, free) -> devices.add(Map.of("device", device, "free_bytes", free)));
    Map<String, @Nullable Object> told = new HashMap<>();
    told.put("devices", devices);
    if (lacking != null) {
      List<Map<String, Object>> groups = new ArrayList<>();
      lacking.forEach((group, count) -> groups.add(Map.of("group", group, "blocks", count)));
      told.put("lacking", groups);
    }
    return JsonWriter.write(told).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads what a node told.
   *
   * @throws IllegalArgumentException when it is not that
   */
  static NodeStore decode(ByteBuffer header) {
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
    Map<Integer, Long> lacking = null;
    if (told.values().get("lacking") instanceof List) {
      lacking = new HashMap<>();
      for (JsonObject group : told.objects("lacking")) {
        lacking.put(Math.toIntExact(group.number("group")), group.number("blocks"));
      }
    }
    return new NodeStore(free, lacking);
  }
}
