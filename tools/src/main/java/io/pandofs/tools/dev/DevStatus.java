package io.pandofs.tools.dev;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.TableHasher;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.status.StatusClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A look at a whole dev cluster.
 *
 * @param tables null unless hashes were asked for
 */
public record DevStatus(Path directory, List<Node> nodes, @Nullable Tables tables) {
  private static final String REMOVED = "removed";
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /**
   * One node.
   *
   * @param process running, paused, stopped or removed
   * @param status its own document; empty when it does not answer
   */
  public record Node(String name, String process, long pid, Path mount, JsonObject status) {
    /** Whether it does not run, and was removed from the cluster: it is not missed. */
    public boolean isRemoved() {
      return process.equals(REMOVED);
    }

    private Node removed() {
      return new Node(name, REMOVED, pid, mount, status);
    }
  }

  /**
   * The hashes of the nodes' tables, all as of one log index.
   *
   * @param problem why there is no index; empty when there is
   */
  public record Tables(long index, Map<String, String> hashes, String problem) {
    /** Whether every node that runs has told its hash and all are the same. */
    public boolean equal() {
      Set<String> different = new LinkedHashSet<>(hashes.values());
      return problem.isEmpty() && different.size() == 1 && !different.contains("");
    }
  }

  /**
   * Whether every node that was not removed runs and calls itself well, and the hashes, if asked
   * for, are equal.
   */
  public boolean well() {
    return nodes.stream()
            .allMatch(node -> node.isRemoved() || node.status().text("state").equals("ok"))
        && (tables == null || tables.equal());
  }

  static DevStatus collect(DevDirectory directory, boolean withHashes) throws Refusal, IOException {
    List<DevNode> known = directory.nodes();
    List<Node> nodes = new ArrayList<>();
    List<DevNode> running = new ArrayList<>();
    for (DevNode node : known) {
      ProcessRef.State state = node.state();
      if (state == ProcessRef.State.RUNNING) {
        running.add(node);
      }
      nodes.add(
          new Node(
              node.name(),
              word(state),
              state == ProcessRef.State.GONE ? 0 : node.process().orElseThrow().pid(),
              node.mount(),
              state == ProcessRef.State.RUNNING ? ask(node) : JsonObject.empty()));
    }
    List<Node> seen = markRemoved(known, nodes);
    return new DevStatus(directory.root(), seen, withHashes ? hashes(running) : null);
  }

  private static List<Node> markRemoved(List<DevNode> known, List<Node> nodes) {
    Membership membership = new Membership(nodes.stream().map(Node::status).toList());
    List<Node> marked = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      boolean isDown = node.process().equals(word(ProcessRef.State.GONE));
      marked.add(isDown && membership.isRemoved(known.get(i)) ? node.removed() : node);
    }
    return marked;
  }

  private static String word(ProcessRef.State state) {
    return switch (state) {
      case RUNNING -> "running";
      case PAUSED -> "paused";
      case GONE -> "stopped";
    };
  }

  private static JsonObject ask(DevNode node) {
    try {
      return new StatusClient(node.status()).status(PATIENCE);
    } catch (IOException e) {
      return JsonObject.of(Map.of("state", "silent", "degraded", List.of(e.toString())));
    }
  }

  private static Tables hashes(List<DevNode> running) {
    String problem = "no node runs";
    for (DevNode node : running) {
      try {
        long index = new TableHasher(node.data()).request();
        return new Tables(index, hashesAt(index, running), "");
      } catch (Refusal e) {
        problem = String.valueOf(e.getMessage());
      }
    }
    return new Tables(0, Map.of(), problem);
  }

  private static Map<String, String> hashesAt(long index, List<DevNode> running) {
    Map<String, String> hashes = new LinkedHashMap<>();
    for (DevNode node : running) {
      try {
        hashes.put(node.name(), new TableHasher(node.data()).at(index));
      } catch (Refusal e) {
        hashes.put(node.name(), ""); // shown as unknown, and never equal
      }
    }
    return hashes;
  }

  /** As a document. */
  public Map<String, @Nullable Object> toDocument() {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("dir", directory.toString());
    document.put("well", well());
    List<Map<String, @Nullable Object>> list = new ArrayList<>();
    for (Node node : nodes) {
      Map<String, @Nullable Object> item = new LinkedHashMap<>();
      item.put("name", node.name());
      item.put("process", node.process());
      item.put("pid", node.pid());
      item.put("mount", node.mount().toString());
      item.put("status", node.status().values());
      list.add(item);
    }
    document.put("nodes", list);
    if (tables != null) {
      Map<String, @Nullable Object> item = new LinkedHashMap<>();
      item.put("index", tables.index());
      item.put("hashes", tables.hashes());
      item.put("equal", tables.equal());
      item.put("problem", tables.problem());
      document.put("tables", item);
    }
    return document;
  }
}
