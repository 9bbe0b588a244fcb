package io.pandofs.tools.dev;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A dev cluster's directory and the file in it that says which nodes there are and which ports they
 * have. That file is what makes a directory a dev cluster: without it nothing is ever deleted.
 */
final class DevDirectory {
  private static final String MARKER = "pando-dev.json";
  private static final int VERSION = 1;
  private static final int PORTS = 4;

  private final Path root;

  DevDirectory(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  Path root() {
    return root;
  }

  Path marker() {
    return root.resolve(MARKER);
  }

  boolean exists() {
    return Files.isRegularFile(marker());
  }

  /** The nodes on record. */
  List<DevNode> nodes() throws Refusal, IOException {
    if (!exists()) {
      throw new Refusal(root + " is not a dev cluster; make one with: pando dev up --dir " + root);
    }
    JsonObject document;
    try {
      document = JsonReader.readObject(Files.readString(marker()));
    } catch (IllegalArgumentException e) {
      throw new Refusal(marker() + " is damaged (" + e.getMessage() + "); look into it.", e);
    }
    if (document.number("version") != VERSION) {
      throw new Refusal(marker() + " was written by another version of Pando; use that one.");
    }
    List<DevNode> nodes = new ArrayList<>();
    for (JsonObject node : document.objects("nodes")) {
      nodes.add(
          node(
              nodes.size() + 1,
              new NodePorts(
                  (int) node.number("control"),
                  (int) node.number("raft"),
                  (int) node.number("blocks"),
                  (int) node.number("status"))));
    }
    return nodes;
  }

  /** The node of this number. */
  DevNode node(int number) throws Refusal, IOException {
    List<DevNode> nodes = nodes();
    if (number < 1 || number > nodes.size()) {
      throw Refusal.ofUsage(
          "There is no node " + number + "; say one of 1 to " + nodes.size() + ".");
    }
    return nodes.get(number - 1);
  }

  /** Makes the directory a dev cluster of so many nodes, keeping those it has. */
  List<DevNode> grow(int count, FreePorts ports) throws Refusal, IOException {
    List<DevNode> nodes = new ArrayList<>(exists() ? nodes() : List.of());
    if (nodes.isEmpty()) {
      makeEmptyRoot();
    }
    Set<Integer> taken = new HashSet<>();
    nodes.forEach(node -> taken.addAll(numbers(node.ports())));
    while (nodes.size() < count) {
      List<Integer> free = ports.find(PORTS, taken);
      taken.addAll(free);
      nodes.add(
          node(
              nodes.size() + 1, new NodePorts(free.get(0), free.get(1), free.get(2), free.get(3))));
    }
    for (DevNode node : nodes) {
      makeDirectory(node.directory());
      makeDirectory(node.data());
      if (!node.isMounted()) {
        makeDirectory(node.mount());
      }
    }
    save(nodes);
    return nodes;
  }

  private static void makeDirectory(Path directory) throws IOException {
    Files.createDirectories(directory);
  }

  private void makeEmptyRoot() throws Refusal, IOException {
    if (Files.exists(root) && !Files.isDirectory(root)) {
      throw new Refusal(root + " is not a directory; say another one with --dir.");
    }
    Files.createDirectories(root);
    try (var entries = Files.list(root)) {
      if (entries.findAny().isPresent()) {
        throw new Refusal(root + " is not empty and not a dev cluster; say another --dir.");
      }
    }
  }

  private DevNode node(int number, NodePorts ports) {
    return new DevNode(number, root.resolve("n" + number), ports);
  }

  private static List<Integer> numbers(NodePorts ports) {
    return List.of(ports.control(), ports.raft(), ports.blocks(), ports.status());
  }

  private void save(List<DevNode> nodes) throws IOException {
    List<Map<String, Object>> list = new ArrayList<>();
    for (DevNode node : nodes) {
      NodePorts ports = node.ports();
      list.add(
          Map.of(
              "control", ports.control(),
              "raft", ports.raft(),
              "blocks", ports.blocks(),
              "status", ports.status()));
    }
    Path fresh = root.resolve(MARKER + ".new");
    Files.writeString(fresh, JsonWriter.write(Map.of("version", VERSION, "nodes", list)) + "\n");
    Files.move(fresh, marker(), StandardCopyOption.ATOMIC_MOVE);
  }
}
