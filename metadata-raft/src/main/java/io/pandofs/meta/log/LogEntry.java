package io.pandofs.meta.log;

import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Request;
import io.pandofs.meta.StoragePolicy;
import java.util.List;

/**
 * One entry of the Raft log. Everything that is not a pure function of the tables (time, chosen
 * numbers, who decided) stands in the entry.
 */
public sealed interface LogEntry {

  /**
   * The first entry of a new volume: makes the superblock and the root directory.
   *
   * @param owner whose the root directory is
   */
  record Format(long volumeId, Caller owner, Timestamp time) implements LogEntry {}

  /**
   * Operations of one session, in order; each succeeds or fails by itself. Sequence numbers count
   * operations: the i-th has {@code firstSequence + i}, the first of a session is 1. Exactly-next
   * (PROTOCOL rule 18): an operation at or below the session's last is answered from its stored
   * result, a gap is refused, an unknown session is fenced.
   *
   * @param acknowledged the session has got the results up to here; they may be forgotten
   */
  record Batch(SessionId session, long firstSequence, long acknowledged, List<Request> requests)
      implements LogEntry {
    public Batch {
      requests = List.copyOf(requests);
    }
  }

  /** Registers a mount; the reply's number is the session's. */
  record RegisterSession(NodeId node, Timestamp time) implements LogEntry {}

  /** Ends a session: what it held goes. No error if it is gone already. */
  record ExpireSession(SessionId session) implements LogEntry {}

  /**
   * Takes a node into the cluster under a new id, or changes an address; a node whose {@code id} is
   * 0 is new and the reply's number is its id. The placement map follows.
   *
   * @param control host:port for Pando's own connections
   * @param raft host:port for Ratis
   * @param blocks host:port of the block server
   */
  record RegisterNode(long id, String name, String control, String raft, String blocks)
      implements LogEntry {}

  /**
   * Says that a node runs and votes: from now on it holds its share of the placement groups, unless
   * it is to leave. Nothing takes that back. No error if it was said before.
   */
  record PlaceNode(NodeId node) implements LogEntry {}

  /**
   * Says that a node is to leave, or that it stays after all, as far as it was placed. One that is
   * to leave is a member like any other but holds no placement group: the others fetch what it
   * held.
   */
  record DrainNode(NodeId node, boolean leaves) implements LogEntry {}

  /**
   * Says that a node has been away for so long that others are to hold its placement groups, or
   * that it is there again and holds its share. It stays a member and a voter. Out is refused when
   * fewer others hold groups than there shall be copies of a block.
   */
  record OutNode(NodeId node, boolean out) implements LogEntry {}

  /**
   * Takes a node out of the cluster; its id never comes back. Its sessions are not renewed any more
   * and end by themselves: a node that is cut off does not hear of its removal, and counts on them
   * until their time is over (PROTOCOL rule 7). Refused for the last one that holds placement
   * groups.
   */
  record RemoveNode(NodeId node) implements LogEntry {}

  /** Says how large a node's disks are together; groups move if it ought to hold others. */
  record SetCapacity(NodeId node, long bytes) implements LogEntry {}

  /** Says how blocks are kept from now on; groups get copies or lose them as it says. */
  record SetStoragePolicy(StoragePolicy policy) implements LogEntry {}

  /**
   * The first entry of a cluster that goes on with one survivor after the others were lost for
   * good: takes all other nodes and all sessions away. All counters jump ahead, so that no number
   * is given that the lost nodes may have given.
   */
  record Recover(NodeId survivor) implements LogEntry {}

  /**
   * Frees orphans that no live session holds, each in bounded steps (PROTOCOL rule 16); proposed by
   * the leader, again until the reply's number, how many of these orphans are still there, is 0.
   *
   * @param asOf the index of the tables in which nobody held them: one that became an orphan later,
   *     since it had a name meanwhile, is another matter
   */
  record Reap(List<InodeId> orphans, long asOf) implements LogEntry {
    public Reap {
      orphans = List.copyOf(orphans);
    }
  }

  /**
   * Makes a join token; the reply's number is its id. The same entry once more changes nothing.
   *
   * @param secretHash of the secret, which nobody keeps
   * @param uses how many nodes it lets in
   * @param time by the clock of the leader, as {@code expires}
   */
  record CreateToken(long id, Fingerprint secretHash, int uses, Timestamp expires, Timestamp time)
      implements LogEntry {}

  /** Takes a join token away; the reply's number is 1 if it was there, otherwise 0. */
  record RevokeToken(long id) implements LogEntry {}

  /**
   * Takes a node into the cluster for a token, which thereby is used once. The reply's number is
   * the node's id, or of a refused entry the code of a {@link Refusal}. A node with the same key is
   * let in once: repeated, the entry answers the same id and uses nothing.
   *
   * @param secretHash of what the node showed
   * @param key the hash of the node's public key
   * @param node its id is 0
   */
  record AdmitNode(
      long token, Fingerprint secretHash, Fingerprint key, Timestamp time, RegisterNode node)
      implements LogEntry {
    /** Why a node was not let in. */
    public enum Refusal {
      NO_TOKEN(1),
      EXPIRED(2),
      USED_UP(3),
      ADDRESS_TAKEN(4),
      NOT_A_MEMBER(5),
      LAST_HOLDER(6);

      private final int code;

      Refusal(int code) {
        this.code = code;
      }

      public int code() {
        return code;
      }
    }
  }

  /**
   * Takes a member back under a new id, because what it had was damaged: it has shown its
   * certificate, so no token is used. Its old id and that id's sessions go with the same entry. The
   * reply is as for {@link AdmitNode}: repeated with the same key, the entry answers the id that
   * was given, and changes nothing but addresses.
   *
   * @param gone the id that the certificate is of
   * @param key the hash of the node's public key
   * @param node its id is 0
   */
  record ReplaceNode(NodeId gone, Fingerprint key, RegisterNode node) implements LogEntry {}

  /** Asks every node to compute the hash of its tables as of this entry. */
  record HashTables() implements LogEntry {}
}
