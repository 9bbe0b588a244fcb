package io.pandofs.tests.nemesis;

import io.pandofs.tests.nemesis.Cluster.Leader;
import io.pandofs.tests.nemesis.Network.Way;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The faults there are. */
final class Faults {
  private static final Duration ELECTION = Duration.ofSeconds(15);

  private Faults() {}

  /** What a fault that takes a node out of the cluster has in common: a leader is replaced. */
  private abstract static class OnNode implements Fault {
    final Cluster cluster;
    final ClusterNode node;
    private final Leader before;
    private final String kind;
    private final String what;

    OnNode(Cluster cluster, int node, String kind, String what) {
      this.cluster = cluster;
      this.node = cluster.node(node);
      this.kind = kind;
      this.what = what;
      this.before = cluster.leader(List.of());
    }

    @Override
    public boolean hitsLeader() {
      return before.node() == node.number();
    }

    /** That others elected somebody in a leader's place; empty when they did not. */
    String election() throws InterruptedException {
      if (!hitsLeader()) {
        return "";
      }
      return awaitElection(cluster, before);
    }

    @Override
    public String kind() {
      return kind;
    }

    @Override
    public String name() {
      return what + " n" + node.number() + (hitsLeader() ? " (leader)" : "");
    }

    @Override
    public Set<Integer> targets() {
      return Set.of(node.number());
    }
  }

  /** That another node leads in a later term; empty when none does in time. */
  private static String awaitElection(Cluster cluster, Leader before) throws InterruptedException {
    List<Integer> itself = List.of(before.node());
    return Evidence.election(
        before, cluster.awaitTermAbove(before.term(), itself, ELECTION), itself);
  }

  /** SIGKILL, and a start later. */
  static Fault kill(Cluster cluster, int target) {
    return new OnNode(cluster, target, "kill", "kill -9") {
      @Override
      public void begin() throws InterruptedException {
        node.kill();
      }

      @Override
      public String evidence() throws InterruptedException {
        return Evidence.kill(node.isAlive(), hitsLeader(), election());
      }

      @Override
      public void heal() throws IOException {
        node.start();
      }
    };
  }

  /** SIGSTOP and SIGCONT. */
  static Fault pause(Cluster cluster, int target) {
    return new OnNode(cluster, target, "pause", "pause") {
      @Override
      public void begin() throws IOException, InterruptedException {
        node.signal("STOP");
      }

      @Override
      public String evidence() throws IOException, InterruptedException {
        return Evidence.pause(node.processState(), hitsLeader(), election());
      }

      @Override
      public void heal() throws IOException, InterruptedException {
        node.signal("CONT");
      }
    };
  }

  /** Packets of some ways are dropped. */
  static Fault cut(Cluster cluster, String kind, Set<Way> ways, Set<Integer> targets) {
    Leader before = cluster.leader(List.of());
    boolean deposes = Evidence.deposes(ways, before.node(), cluster.nodes().size());
    return new Fault() {
      private long dropped;

      @Override
      public String name() {
        return kind + " " + ways + (hitsLeader() ? " (leader)" : "");
      }

      @Override
      public String kind() {
        return kind;
      }

      @Override
      public boolean hitsLeader() {
        return targets.contains(before.node());
      }

      @Override
      public Set<Integer> targets() {
        return targets;
      }

      @Override
      public void begin() throws IOException, InterruptedException {
        dropped = cluster.network().dropped();
        cluster.network().cut(ways);
      }

      @Override
      public String evidence() throws IOException, InterruptedException {
        String election =
            deposes
                ? awaitElection(cluster, before)
                : Evidence.election(before, cluster.leader(List.copyOf(targets)), List.of());
        return Evidence.cut(cluster.network().dropped() - dropped, deposes, election);
      }

      @Override
      public void heal() throws IOException, InterruptedException {
        cluster.network().heal();
      }
    };
  }

  /** A node from and to all others. */
  static Fault partition(Cluster cluster, int target) {
    Set<Way> ways = waysOf(cluster, target, true, true);
    return cut(cluster, "partition", ways, Set.of(target));
  }

  /** A node that is heard but does not hear, or the other way round. */
  static Fault oneWay(Cluster cluster, int target, boolean mute) {
    Set<Way> ways = waysOf(cluster, target, mute, !mute);
    return cut(cluster, mute ? "oneway mute" : "oneway deaf", ways, Set.of(target));
  }

  /** Two nodes that do not reach each other; the others reach both. */
  static Fault bridge(Cluster cluster, int a, int b) {
    return cut(cluster, "bridge", Set.of(new Way(a, b), new Way(b, a)), Set.of(a, b));
  }

  private static Set<Way> waysOf(Cluster cluster, int node, boolean out, boolean in) {
    Set<Way> ways = new LinkedHashSet<>();
    for (Way way : cluster.network().ways()) {
      if ((out && way.from() == node) || (in && way.to() == node)) {
        ways.add(way);
      }
    }
    return ways;
  }

  /** All that a node sends and gets is late. */
  static Fault delay(Cluster cluster, int target, long millis) {
    return new OnNode(cluster, target, "delay", "delay of " + millis + " ms at") {
      private long before;

      @Override
      public void begin() {
        before = cluster.relay().delayed();
        cluster.relay().delay(target, millis);
      }

      @Override
      public String evidence() {
        return Evidence.delay(cluster.relay().delayed() - before);
      }

      @Override
      public void heal() {
        cluster.relay().delay(target, 0);
      }
    };
  }

  /** No space on a node's disk. */
  static Fault diskFull(Cluster cluster, int target) {
    return new OnNode(cluster, target, "disk full", "disk full") {
      private String answer = "";

      @Override
      public void begin() throws IOException, InterruptedException {
        answer = node.disk().fill();
      }

      @Override
      public String evidence() {
        return Evidence.diskFull(answer);
      }

      @Override
      public void heal() throws IOException, InterruptedException {
        node.disk().free();
      }
    };
  }

  /** Every node loses its power in one moment, and with it what its disk was not told to keep. */
  static Fault power(Cluster cluster) {
    List<Disk> disks = cluster.nodes().stream().map(ClusterNode::disk).toList();
    return new Fault() {
      private String answers = "";

      @Override
      public String name() {
        return "power loss of all nodes";
      }

      @Override
      public String kind() {
        return "power loss";
      }

      @Override
      public boolean hitsLeader() {
        return true;
      }

      @Override
      public Set<Integer> targets() {
        Set<Integer> all = new LinkedHashSet<>();
        cluster.nodes().forEach(node -> all.add(node.number()));
        return all;
      }

      @Override
      public void begin() throws IOException, InterruptedException {
        answers = Disk.powerOff(disks);
        for (ClusterNode node : cluster.nodes()) {
          node.kill();
        }
      }

      @Override
      public String evidence() {
        return Evidence.power(answers, disks.size());
      }

      @Override
      public void heal() throws IOException, InterruptedException {
        for (ClusterNode node : cluster.nodes()) {
          node.disk().unmount();
          node.disk().mount();
        }
        for (ClusterNode node : cluster.nodes()) {
          node.start();
        }
      }
    };
  }
}
