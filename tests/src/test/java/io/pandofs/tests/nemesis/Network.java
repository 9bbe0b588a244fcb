package io.pandofs.tests.nemesis;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * The loopback network of a cluster in a network namespace of its own. Node N has the address
 * 127.0.0.1N and the group 700N: what a process of that group sends to another node gets its node's
 * address as source (the kernel would write 127.0.0.1), so that packets can be dropped by pair and
 * direction.
 */
final class Network {
  private static final int GROUP = 7000;
  private static final int PORT_FIRST = 7440;
  private static final int PORT_LAST = 7442;

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
      text.append(
          "    meta skgid %d ip daddr %s tcp dport %d-%d dnat to %s\n"
              .formatted(group(way.from()), address(way.to()), PORT_FIRST, PORT_LAST, relay(way)));
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
