package io.pandofs.tests.nemesis;

import io.pandofs.common.config.HostPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * The loopback network of a cluster in a network namespace of its own. Node N has the address
 * 127.0.0.1N, the ports from 74N0 on and the group 700N: what a process of that group sends to
 * another node gets its node's address as source (the kernel would write 127.0.0.1), so that
 * packets can be dropped by pair and direction.
 */
final class Network {
  private static final int GROUP = 7000;
  private static final int PORT_BASE = 7400;
  private static final int PORTS_OF_NODE = 10;

  /** Control, Raft and blocks: a node's first ports, those between nodes. */
  private static final int PORTS = 3;

  private final int nodes;

  /** One direction between two nodes. */
  record Way(int from, int to) {
    @Override
    public String toString() {
      return "n" + from + "→n" + to;
    }
  }

  private Network(int nodes) {
    this.nodes = nodes;
  }

  /**
   * Makes the rules.
   *
   * @param relayed connections between nodes go to the addresses of {@link #relay}, where something
   *     must listen
   */
  static Network make(int nodes, boolean relayed, Path directory)
      throws IOException, InterruptedException {
    Network network = new Network(nodes);
    Path rules = Files.writeString(directory.resolve("network.nft"), network.rules(relayed));
    Shell.ok("ip link set lo up; nft -f \"$1\"", rules);
    return network;
  }

  static String address(int node) {
    return "127.0.0." + (10 + node);
  }

  /** The ports of a node that other nodes call, in order: control, Raft, blocks. */
  static List<Integer> ports(int node) {
    return IntStream.range(0, PORTS).mapToObj(i -> control(node).port() + i).toList();
  }

  /** Where a node is called by newcomers; its other ports follow. */
  static HostPort control(int node) {
    return new HostPort(address(node), PORT_BASE + PORTS_OF_NODE * node);
  }

  static int group(int node) {
    return GROUP + node;
  }

  /** Where connections of one node to another go when they are relayed. */
  static String relay(Way way) {
    return "127.0.1." + (10 * way.from() + way.to());
  }

  private String rules(boolean relayed) {
    // Answers are given their true target at the priority -100: look before, and after it
    // otherwise.
    StringBuilder text =
        new StringBuilder(
            """
            table ip kit {
              set cut {
                type ipv4_addr . ipv4_addr
              }
              counter dropped {
              }
              chain answers {
                type filter hook output priority -150;
                ip saddr . ip daddr @cut counter name dropped drop
              }
              chain calls {
                type filter hook postrouting priority 300;
                ip saddr . ip daddr @cut counter name dropped drop
              }
              chain to {
                type nat hook output priority -100;
            """);
    for (Way way : relayed ? ways() : Set.<Way>of()) {
      List<Integer> ports = ports(way.to());
      text.append(
          "    meta skgid %d ip daddr %s tcp dport %d-%d dnat to %s\n"
              .formatted(
                  group(way.from()),
                  address(way.to()),
                  ports.get(0),
                  ports.get(PORTS - 1),
                  relay(way)));
    }
    text.append("  }\n  chain from {\n    type nat hook postrouting priority 100;\n");
    for (Way way : ways()) {
      text.append(
          "    meta skgid %d ip saddr 127.0.0.1 ip daddr %s snat to %s\n"
              .formatted(group(way.from()), address(way.to()), address(way.from())));
    }
    return text.append("  }\n}\n").toString();
  }

  /** All pairs, both directions. */
  Set<Way> ways() {
    Set<Way> ways = new java.util.LinkedHashSet<>();
    for (int a = 1; a <= nodes; a++) {
      for (int b = 1; b <= nodes; b++) {
        if (a != b) {
          ways.add(new Way(a, b));
        }
      }
    }
    return ways;
  }

  /** Drops every packet of these ways from now on. */
  void cut(Set<Way> ways) throws IOException, InterruptedException {
    Set<String> pairs = new TreeSet<>();
    ways.forEach(way -> pairs.add(address(way.from()) + " . " + address(way.to())));
    Shell.ok("nft add element ip kit cut \"{ $1 }\"", String.join(", ", pairs));
  }

  /** Drops nothing any more. */
  void heal() throws IOException, InterruptedException {
    Shell.ok("nft flush set ip kit cut");
  }

  /** Packets dropped so far. */
  long dropped() throws IOException, InterruptedException {
    String[] words = Shell.ok("nft list counter ip kit dropped").split("\\s+", -1);
    for (int i = 0; i < words.length - 1; i++) {
      if (words[i].equals("packets")) {
        return Long.parseLong(words[i + 1]);
      }
    }
    throw new IOException("nft tells no counter: " + String.join(" ", words));
  }
}
