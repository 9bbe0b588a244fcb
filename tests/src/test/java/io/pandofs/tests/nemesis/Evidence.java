package io.pandofs.tests.nemesis;

import io.pandofs.tests.nemesis.Cluster.Leader;
import io.pandofs.tests.nemesis.Network.Way;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Whether facts that were measured show that a fault took place: a text for people that tells them,
 * or an empty one when they do not.
 */
final class Evidence {
  private static final String NONE = "";

  private Evidence() {}

  /**
   * Of a process that was killed.
   *
   * @param led whether its node led: then somebody else must have been elected
   * @param election the others' election; empty when there was none
   */
  static String kill(boolean alive, boolean led, String election) {
    return alive ? NONE : withElection("process gone", led, election);
  }

  /**
   * Of a process that was stopped.
   *
   * @param state the letter in /proc
   */
  static String pause(String state, boolean led, String election) {
    return state.equals("T") ? withElection("process state T", led, election) : NONE;
  }

  private static String withElection(String fact, boolean led, String election) {
    if (!led) {
      return fact;
    }
    return election.isEmpty() ? NONE : fact + ", " + election;
  }

  /**
   * That there is a leader of a higher term than before; empty when there is none.
   *
   * @param except who must not be it
   */
  static String election(Leader before, Leader after, List<Integer> except) {
    boolean elected = after.node() > 0 && !except.contains(after.node());
    return elected && after.term() > before.term()
        ? "term %d→%d, n%d leads".formatted(before.term(), after.term(), after.node())
        : NONE;
  }

  /**
   * Of packets that were dropped.
   *
   * @param deposes whether somebody else must have been elected, see {@link #deposes}; an election
   *     that need not have been is told, but shows nothing by itself
   * @param election the others' election; empty when there was none
   */
  static String cut(long packets, boolean deposes, String election) {
    return packets <= 0
        ? NONE
        : withElection(packets + " packets dropped", deposes || !election.isEmpty(), election);
  }

  /**
   * Whether a cut must lead to another leader: it leaves the leader no majority that hears it and
   * that it hears, but leaves another node one.
   *
   * @param leader 0 when nobody led
   */
  static boolean deposes(Set<Way> cut, int leader, int nodes) {
    return leader > 0
        && !hasMajority(cut, leader, nodes)
        && IntStream.rangeClosed(1, nodes).anyMatch(node -> hasMajority(cut, node, nodes));
  }

  private static boolean hasMajority(Set<Way> cut, int node, int nodes) {
    long withItself =
        IntStream.rangeClosed(1, nodes)
            .filter(o -> !cut.contains(new Way(node, o)) && !cut.contains(new Way(o, node)))
            .count();
    return withItself > nodes / 2;
  }

  /** Of a node that was slow. */
  static String delay(long pieces) {
    return pieces <= 0 ? NONE : pieces + " pieces late";
  }

  /**
   * Of a disk without space.
   *
   * @param answer what a write there was told
   */
  static String diskFull(String answer) {
    return answer.isEmpty() ? NONE : "own write: " + answer;
  }

  /**
   * Of the power that was cut.
   *
   * @param answers the kernel's, one a disk, each 0
   */
  static String power(String answers, int disks) {
    return answers.equals("0" + " 0".repeat(disks - 1)) ? "ioctl answered " + answers : NONE;
  }
}
