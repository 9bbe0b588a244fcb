package io.pandofs.meta.raft;

/** The methods of the control service; a server may hand 100 to 199 to it. */
public final class ControlMethods {
  /** Body: an encoded log entry. Answer: ControlAnswer, body: the encoded reply. */
  static final int PROPOSE = 101;

  /** ReadIndexRequest. Answer: ReadIndexAnswer. */
  static final int READ_INDEX = 102;

  /** RenewRequest. Answer: RenewAnswer. */
  static final int RENEW = 103;

  /** JoinRequest. Answer: JoinAnswer. */
  static final int JOIN = 104;

  /** PromoteRequest. Answer: PromoteAnswer. */
  static final int PROMOTE = 105;

  /** MembersRequest. Answer: MembersAnswer. */
  static final int MEMBERS = 106;

  /** ConfirmRequest. Answer: ConfirmAnswer. */
  static final int CONFIRM = 107;

  /** RecallRequest, to the node of a session that holds a lease. Answer: RecallAnswer. */
  static final int RECALL = 108;

  /** No header. Answer: WhoAnswer. */
  static final int WHO = 109;

  private ControlMethods() {}

  /** Whether a node that has no certificate yet may ask this. */
  public static boolean isOpenToNewcomers(int method) {
    return method == JOIN;
  }

  /**
   * Whether a node that was removed, or is of an earlier epoch of the cluster, may ask this: to
   * join anew; and to end its sessions and hear when it may go, which the service looks at itself.
   */
  public static boolean isOpenToFormerMembers(int method) {
    return method == JOIN
        || method == PROMOTE
        || method == WHO
        || method == MEMBERS
        || method == PROPOSE;
  }

  /** Whether the control service answers this method. */
  public static boolean includes(int method) {
    return method >= 100 && method < 200;
  }
}
