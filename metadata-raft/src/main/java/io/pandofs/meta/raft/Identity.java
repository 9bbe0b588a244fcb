package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import java.util.List;

/**
 * Who this node is, as its data directory says (PROTOCOL rule 19).
 *
 * @param incarnation a random number that raft/ and meta/ carry too: data that does not belong
 *     together is not used
 * @param clusterEpoch how many times the cluster went on with one survivor; nodes of another one
 *     are of another Raft group
 * @param stage how far it has come
 * @param contacts control addresses of members, for a join that is not finished
 */
public record Identity(
    long volumeId,
    NodeId node,
    long incarnation,
    int clusterEpoch,
    Stage stage,
    List<String> contacts) {
  /** The version of all that is kept in a data directory. */
  public static final int FORMAT = 1;

  public Identity {
    contacts = List.copyOf(contacts);
  }

  /** What is done of becoming a member. */
  public enum Stage {
    /** The first node of a volume that is being made. */
    FORMING,
    /** Registered, not yet a voter. */
    JOINING,
    MEMBER,
    /** A recovery was begun and not finished: only that can go on. */
    RECOVERING,
    /** The survivor of a recovery that has not yet started its new Raft group. */
    RECOVERED,
    /** Taken out of the cluster: it never serves again. */
    REMOVED
  }

  Identity at(int epoch, Stage next) {
    return new Identity(volumeId, node, incarnation, epoch, next, List.of());
  }

  Identity removed() {
    return at(clusterEpoch, Stage.REMOVED);
  }

  Identity member() {
    return at(clusterEpoch, Stage.MEMBER);
  }
}
