package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import java.util.List;

/**
 * Who this node is, as its data directory says (PROTOCOL rule 19).
 *
 * @param incarnation a random number that raft/ and meta/ carry too: data that does not belong
 *     together is not used
 * @param stage how far it has come
 * @param contacts control addresses of members, for a join that is not finished
 */
public record Identity(
    long volumeId, NodeId node, long incarnation, Stage stage, List<String> contacts) {
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
    /** Taken out of the cluster: it never serves again. */
    REMOVED
  }

  Identity removed() {
    return new Identity(volumeId, node, incarnation, Stage.REMOVED, List.of());
  }

  Identity member() {
    return new Identity(volumeId, node, incarnation, Stage.MEMBER, List.of());
  }
}
