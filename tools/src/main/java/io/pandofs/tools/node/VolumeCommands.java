package io.pandofs.tools.node;

import io.pandofs.common.Compression;
import io.pandofs.meta.StoragePolicy;
import io.pandofs.meta.StoragePolicy.WriteQuorum;
import io.pandofs.meta.raft.ClusterAdmin;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminServer;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The daemon's commands about how the volume keeps its data. */
final class VolumeCommands {
  private static final String COPIES = "copies";
  private static final String WRITE_QUORUM = "write_quorum";
  private static final String COMPRESSION = "compression";
  private static final List<String> KEYS = List.of(COPIES, WRITE_QUORUM, COMPRESSION);

  private final ClusterAdmin admin;

  VolumeCommands(ClusterAdmin admin) {
    this.admin = admin;
  }

  void addTo(AdminServer server) {
    server.add("volume-show", AdminCommands.told((request, progress) -> describe(admin.list())));
    server.add(
        "volume-set", AdminCommands.told((request, progress) -> set(request.object("settings"))));
  }

  private static Map<String, @Nullable Object> describe(ClusterAdmin.Group group) {
    StoragePolicy policy = group.policy();
    Map<String, @Nullable Object> result = new LinkedHashMap<>();
    result.put(COPIES, policy.copies());
    result.put(WRITE_QUORUM, word(policy.writeQuorum()));
    result.put(COMPRESSION, word(policy.compression()));
    return result;
  }

  private Map<String, @Nullable Object> set(JsonObject settings) throws Refusal, IOException {
    Wanted wanted = Wanted.of(settings);
    return describe(admin.store(wanted.copies, wanted.writeQuorum, wanted.compression));
  }

  /** What is to change; null or 0: nothing of that. */
  record Wanted(int copies, @Nullable WriteQuorum writeQuorum, @Nullable Compression compression) {
    /** Reads texts by key; refuses what makes no sense, as a usage. */
    static Wanted of(JsonObject settings) throws Refusal {
      for (String key : settings.values().keySet()) {
        if (!KEYS.contains(key)) {
          throw Refusal.ofUsage(
              "There is no setting '" + key + "'; there are " + String.join(", ", KEYS) + ".");
        }
      }
      return new Wanted(
          VolumeCommands.copies(settings),
          one(WriteQuorum.class, WRITE_QUORUM, settings),
          one(Compression.class, COMPRESSION, settings));
    }
  }

  private static int copies(JsonObject settings) throws Refusal {
    if (!settings.values().containsKey(COPIES)) {
      return 0;
    }
    String text = settings.text(COPIES);
    for (int copies = 1; copies <= StoragePolicy.COPIES_MAX; copies++) {
      if (text.equals(String.valueOf(copies))) {
        return copies;
      }
    }
    throw Refusal.ofUsage(
        "copies can be 1 to " + StoragePolicy.COPIES_MAX + ", not '" + text + "'.");
  }

  private static <E extends Enum<E>> @Nullable E one(Class<E> type, String key, JsonObject settings)
      throws Refusal {
    if (!settings.values().containsKey(key)) {
      return null;
    }
    String text = settings.text(key);
    for (E each : type.getEnumConstants()) {
      if (word(each).equals(text)) {
        return each;
      }
    }
    String known =
        Arrays.stream(type.getEnumConstants())
            .map(VolumeCommands::word)
            .collect(Collectors.joining(", "));
    throw Refusal.ofUsage(key + " can be " + known + ", not '" + text + "'.");
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
