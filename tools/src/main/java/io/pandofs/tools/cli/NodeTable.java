package io.pandofs.tools.cli;

import io.pandofs.tools.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The nodes for people: at most 100 columns. */
final class NodeTable {
  private static final int NAME_MAX = 16;
  private static final int WIDTH = 100;
  private static final long JUST_NOW_MILLIS = 3_000;

  private NodeTable() {}

  static List<String> of(JsonObject result) {
    List<String> lines = new ArrayList<>();
    lines.add(row("ID", "NAME", "ROLE", "SEEN", "LOG", "BLOCKS", "ADDRESSES"));
    for (JsonObject node : result.objects("nodes")) {
      lines.add(
          row(
              node.text("id"),
              shortened(node.text("name")),
              state(node),
              seen(node),
              behind(node, "log_behind"),
              node.flag("drained") ? "drained" : behind(node, "blocks_behind"),
              addresses(node)));
    }
    return lines;
  }

  private static String state(JsonObject node) {
    return node.flag("out") ? "out" : node.text("role");
  }

  private static String row(Object... cells) {
    String line = String.format(Locale.ROOT, "%-6s %-16s %-9s %-9s %-9s %-9s %s", cells);
    return line.length() > WIDTH ? line.substring(0, WIDTH - 1) + "…" : line;
  }

  private static String shortened(String name) {
    return name.length() > NAME_MAX ? name.substring(0, NAME_MAX - 1) + "…" : name;
  }

  private static String seen(JsonObject node) {
    if (!node.values().containsKey("last_seen_millis")
        || node.values().get("last_seen_millis") == null) {
      return "?";
    }
    long millis = node.number("last_seen_millis");
    return millis <= JUST_NOW_MILLIS ? "now" : millis / 1000 + " s ago";
  }

  private static String behind(JsonObject node, String key) {
    Object behind = node.values().get(key);
    return behind == null ? "?" : behind.equals(0L) ? "ok" : "-" + behind;
  }

  /** The ports of one host are written once. */
  private static String addresses(JsonObject node) {
    String control = node.text("control");
    String host = host(control);
    String text = control;
    for (String key : List.of("raft", "blocks")) {
      String address = node.text(key);
      text +=
          host(address).equals(host) ? "," + address.substring(host.length() + 1) : " " + address;
    }
    return text;
  }

  private static String host(String address) {
    int colon = address.lastIndexOf(':');
    return colon < 0 ? address : address.substring(0, colon);
  }
}
