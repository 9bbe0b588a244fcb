package io.pandofs.tools.node;

import io.pandofs.common.BlockId;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.json.JsonWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a node tells of the blocks that it must hold.
 *
 * @param applied how far it has applied the log
 * @param comparedEpoch the placement epoch for which it has compared what it must hold with what it
 *     holds; negative while it has not
 * @param needed how many blocks it lacks of those that were there at the index that was asked for;
 *     counted up to a bound
 * @param fetched how many blocks it has fetched since it started: grows while {@code needed} is at
 *     its bound
 * @param missing which it lacks, a page of them
 */
record NodeReport(
    long applied, long comparedEpoch, long needed, long fetched, List<BlockId> missing) {
  private static final int BYTES_MAX = 1 << 20;

  NodeReport {
    missing = List.copyOf(missing);
  }

  /** Whether the node holds all that it must under this map, as of this index. */
  boolean holdsAll(long index, long epoch) {
    return applied >= index && comparedEpoch >= epoch && needed == 0;
  }

  /** As nodes tell it to each other: a JSON object in UTF-8. */
  byte[] encode() {
    return JsonWriter.write(
            Map.of(
                "applied",
                applied,
                "compared_epoch",
                comparedEpoch,
                "needed",
                needed,
                "fetched",
                fetched,
                "missing",
                missing.stream().map(BlockId::value).toList()))
        .getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads what a node told.
   *
   * @throws IllegalArgumentException when it is not that
   */
  static NodeReport decode(ByteBuffer header) {
    if (header.remaining() > BYTES_MAX) {
      throw new IllegalArgumentException("too long");
    }
    JsonObject told = JsonReader.readObject(StandardCharsets.UTF_8.decode(header).toString());
    List<BlockId> missing = new ArrayList<>();
    if (told.values().get("missing") instanceof List<?> list) {
      for (Object item : list) {
        if (!(item instanceof Long number)) {
          throw new IllegalArgumentException("not a block's number");
        }
        missing.add(new BlockId(number));
      }
    }
    return new NodeReport(
        told.number("applied"),
        told.number("compared_epoch"),
        told.number("needed"),
        told.number("fetched"),
        missing);
  }
}
