package io.pandofs.tools.status;

import io.pandofs.tools.json.JsonObject;
import java.time.Instant;
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
    if (blocks.number("need_blocks") > 0) {
      lines.add("  repair   " + repair(blocks));
    }
    lines.add("  scrub    " + scrub(blocks.object("scrub")));
    lines.add(
        "  space    "
            + size(space.number("usable_free_bytes"))
            + " of "
            + size(space.number("usable_bytes"))
            + " can still be stored");
    List<JsonObject> disks = blocks.objects("disks");
    if (disks.size() > 1) {
      disks.forEach(disk -> lines.add("  disk     " + disk(disk)));
    }
    status.texts("notes").forEach(note -> lines.add("  note     " + note));
    status.texts("degraded").forEach(problem -> lines.add("  ! " + problem));
    if (verbose) {
      verbose(status, lines);
    }
    return lines;
  }

  /** What a check of tables and blocks found. */
  public static List<String> fsck(JsonObject found) {
    JsonObject blocks = found.object("blocks");
    List<String> lines = new ArrayList<>(found.texts("examples"));
    found
        .object("tables")
        .values()
        .forEach((kind, count) -> lines.add(kind.replace('_', ' ') + ": " + count));
    lines.add(
        found.number("inodes")
            + " inodes; "
            + blocks.number("referenced")
            + " blocks ("
            + size(blocks.number("bytes"))
            + ") belong here: "
            + blocks.number("missing")
            + " missing, "
            + blocks.number("damaged")
            + " bad, "
            + blocks.number("awaited")
            + " on their way; "
            + blocks.number("leftover")
            + " ("
            + size(blocks.number("leftover_bytes"))
            + ") are to be deleted");
    long problems = found.number("problems");
    long left = found.number("unrepaired");
    lines.add(
        problems == 0
            ? "all is well"
            : problems + " problems found, " + (problems - left) + " repaired");
    return lines;
  }

  /** A disk of a node. */
  public static String disk(JsonObject disk) {
    String trouble = disk.text("trouble");
    return disk.text("directory")
        + " "
        + disk.text("state")
        + (disk.text("state").equals("out")
            ? ""
            : ", "
                + disk.number("stored_blocks")
                + " blocks ("
                + size(disk.number("stored_bytes"))
                + "), "
                + size(disk.number("free_bytes"))
                + " free")
        + (trouble.isEmpty() ? "" : ": " + trouble);
  }

  /** How far the fetching of missing blocks is. */
  private static String repair(JsonObject blocks) {
    long eta = blocks.number("need_eta_seconds");
    return "fetched "
        + blocks.number("round_blocks")
        + " blocks ("
        + size(blocks.number("round_bytes"))
        + "), at "
        + size(blocks.number("need_rate_bytes"))
        + "/s"
        + (eta < 0 ? ", the end is not known" : ", about " + eta + " s to go");
  }

  /** How far the checking of blocks is, and what it found. */
  public static String scrub(JsonObject scrub) {
    StringBuilder text = new StringBuilder();
    JsonObject checked = scrub.object("checked");
    if (!checked.values().isEmpty()) {
      text.append("checked ").append(checked.number("blocks")).append(" blocks of ");
      text.append(checked.number("files")).append(" files (");
      text.append(size(checked.number("bytes"))).append("), ");
      text.append(checked.number("faults")).append(" were bad or gone; ");
    }
    JsonObject last = scrub.object("last");
    if (scrub.flag("running")) {
      text.append("checked ").append(size(scrub.object("present").number("bytes")));
      text.append(" of this pass; ");
    }
    if (last.values().isEmpty()) {
      text.append("no full pass yet");
    } else {
      text.append("last full pass ")
          .append(Instant.ofEpochSecond(last.number("ended")))
          .append(" over ")
          .append(last.number("blocks"))
          .append(" blocks (")
          .append(size(last.number("bytes")))
          .append(")");
    }
    return text.append("; bad copies found ")
        .append(scrub.number("faults_found"))
        .append(", repaired ")
        .append(scrub.number("faults_repaired"))
        .toString();
  }

  private static String role(JsonObject raft) {
    String role = raft.text("role");
    String leader = raft.text("leader");
    if (role.equals("leader")) {
      return "it leads";
    }
    return leader.isEmpty() ? "no leader is known" : leader + " leads";
  }

  private static String ahead(long millis) {
    return Math.abs(millis) + " ms " + (millis < 0 ? "behind" : "ahead of");
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
    lines.add(
        "  clock    "
            + ahead(status.object("raft").number("clock_ahead_millis"))
            + " the leader's");
    for (JsonObject peer : status.objects("peers")) {
      lines.add(
          "  peer     "
              + peer.text("name")
              + " ("
              + peer.text("id")
              + ") control "
              + peer.text("control")
              + (peer.flag("voter") ? "" : ", not a voter")
              + (peer.flag("drained") ? ", drained" : "")
              + (peer.flag("out") ? ", out: others hold its blocks" : "")
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
