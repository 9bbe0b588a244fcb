package io.pandofs.meta.raft;

import io.pandofs.common.Timestamp;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.common.identity.JoinToken;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;

/** The cluster's join tokens, as a member sees and makes them. Calls wait for the log. */
public final class JoinTokens {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final RunningReplica replica;
  private final NodeSecurity security;
  private final Clock clock;

  JoinTokens(RunningReplica replica, NodeSecurity security, Clock clock) {
    this.replica = replica;
    this.security = security;
    this.clock = clock;
  }

  /**
   * Makes one. Its secret is in what this returns and nowhere else.
   *
   * @param uses how many nodes it lets in
   */
  public JoinToken create(int uses, Duration validity) throws IOException {
    Timestamp now = clock.now();
    JoinToken token =
        JoinToken.create(
            Fingerprint.of(security.keyring().credentials().authority()), new SecureRandom());
    LogReply reply =
        propose(
            new LogEntry.CreateToken(
                token.id(),
                token.secretHash(),
                uses,
                new Timestamp(now.seconds() + validity.toSeconds(), now.nanos()),
                now));
    if (reply.status() != LogReply.Status.OK) {
      throw new RefusedException(
          "the log refused the token: too many of them, too many uses, or no time to use it");
    }
    return token;
  }

  /** All that are known, in order of id; those that expired are forgotten when one is made. */
  public List<ClusterView.Token> list() {
    try (LocalSnapshot snapshot = replica.snapshot()) {
      return snapshot.cluster().tokens();
    }
  }

  /** Takes one away; false if there is none of this id. */
  public boolean revoke(long id) throws IOException {
    return propose(new LogEntry.RevokeToken(id)).number() == 1;
  }

  private LogReply propose(LogEntry entry) throws IOException {
    return ClusterJoin.get(
        replica.sessions().proposeSurely(entry, PATIENCE), PATIENCE.plusSeconds(5));
  }
}
