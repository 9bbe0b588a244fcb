package io.pandofs.tools.status;

import io.pandofs.tools.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The status document for people. */
public final class StatusText {
  private static final long[] SIZES = {1L << 40, 1L << 30, 1L << 20, 1L << 10};
  private static final String[] UNITS = {"TiB", "GiB", "MiB", "KiB"};

  private StatusText() {}

  /** Lines without line ends. */
  public static List<String> of(JsonObject status, boolean verbose) {
    List<String> lines = new ArrayList<>();
    JsonObject raft = status.object("raft");
    JsonObject mount = status.object("mount");
    JsonObject blocks = status.object("blocks");
    JsonObject space = status.object("space");
    lines.add(
        status.text("name")
            + " ("
            + status.text("id")
            + ") is "
            + status.text("state")
            + "; "
            + role(raft));
    lines.add(
        "  mount    "
            + mount.text("state")
            + (mount.text("path").isEmpty() ? "" : " at " + mount.text("path")));
    lines.add(
        "  log      term "
            + raft.number("term")
            + ", committed "
            + raft.number("committed")
            + ", applied "
            + raft.number("applied"));
    lines.add(
        "  blocks   to fetch "
            + blocks.number("need_blocks")
            + " ("
            + size(blocks.number("need_bytes"))
            + "), stored "
            + blocks.number("stored_blocks")
            + " ("
            + size(blocks.number("stored_bytes"))
            + ")");
    lines.add(
        "  space    "
            + size(space.number("usable_free_bytes"))
            + " of "
            + size(space.number("usable_bytes"))
            + " can still be stored");
    status.texts("notes").forEach(note -> lines.add("  note     " + note));
    status.texts("degraded").forEach(problem -> lines.add("  ! " + problem));
    if (verbose) {
      verbose(status, lines);
    }
    return lines;
  }

  private static String role(JsonObject raft) {
    String role = raft.text("role");
    String leader = raft.text("leader");
    if (role.equals("leader")) {
      return "it leads";
    }
    return leader.isEmpty() ? "no leader is known" : leader + " leads";
  }

  private static void verbose(JsonObject status, List<String> lines) {
    JsonObject reads = status.object("reads");
    lines.add(
        "  reads    "
            + (reads.flag("fresh") ? "answered here" : "asked of the leader")
            + "; so far "
            + reads.number("local")
            + " here, "
            + reads.number("asked")
            + " asked, "
            + reads.number("waited")
            + " waited for a release, lease lost "
            + reads.number("leases_lost")
            + " times");
    for (JsonObject peer : status.objects("peers")) {
      lines.add(
          "  peer     "
              + peer.text("name")
              + " ("
              + peer.text("id")
              + ") control "
              + peer.text("control")
              + (peer.flag("voter") ? "" : ", not a voter")
              + (peer.flag("leaving") ? ", leaving" : "")
              + (peer.flag("answers") ? "" : ", does not answer"));
    }
    for (Map.Entry<String, @Nullable Object> budget :
        status.object("budgets").values().entrySet()) {
      if (budget.getValue() instanceof Number bytes) {
        lines.add("  budget   " + budget.getKey() + " " + size(bytes.longValue()));
      }
    }
    JsonObject memory = status.object("memory");
    lines.add(
        "  memory   "
            + size(memory.number("anonymous_bytes"))
            + " anonymous, heap "
            + size(memory.number("heap_bytes"))
            + ", direct "
            + size(memory.number("direct_bytes")));
  }

  /** A size with one digit behind the point. */
  public static String size(long bytes) {
    for (int i = 0; i < SIZES.length; i++) {
      if (bytes >= SIZES[i]) {
        long tenths = bytes / (SIZES[i] / 1024) * 10 / 1024;
        return tenths / 10 + "." + tenths % 10 + " " + UNITS[i];
      }
    }
    return bytes + " B";
  }
}
