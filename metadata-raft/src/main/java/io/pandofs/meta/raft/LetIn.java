package io.pandofs.meta.raft;

import com.google.protobuf.ByteString;
import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.identity.CertificateAuthority;
import io.pandofs.common.identity.Certificates;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.common.identity.PeerName;
import io.pandofs.common.net.Peer;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.wire.JoinAnswer;
import io.pandofs.meta.wire.JoinRequest;
import java.io.IOException;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * The part of letting a node in that has to do with keys: what it must show, and the certificate
 * that it gets. Thread-safe.
 */
final class LetIn {
  private final @Nullable NodeSecurity security;
  private final SecureRandom random = new SecureRandom();

  LetIn(@Nullable NodeSecurity security) {
    this.security = security;
  }

  /** Whether a newcomer must show a token and gets a certificate. */
  boolean isSecured() {
    return security != null;
  }

  /** The log entry that lets this node in, if its token is good. */
  LogEntry.AdmitNode entry(JoinRequest request, LogEntry.RegisterNode node, Timestamp now)
      throws RefusedException {
    if (request.getToken() <= 0 || request.getSecret().isEmpty()) {
      throw new RefusedException("a new node needs a token; make one with: pando token");
    }
    return new LogEntry.AdmitNode(
        request.getToken(),
        Fingerprint.of(request.getSecret().toByteArray()),
        key(request),
        now,
        node);
  }

  /** The log entry that takes a member back under a new id; its certificate was looked at. */
  LogEntry.ReplaceNode replacement(JoinRequest request, LogEntry.RegisterNode node)
      throws RefusedException {
    return new LogEntry.ReplaceNode(new NodeId(request.getReplaces()), key(request), node);
  }

  private static Fingerprint key(JoinRequest request) throws RefusedException {
    try {
      return Fingerprint.of(
          Certificates.requestedKey(request.getCertificateRequest().toByteArray()).getEncoded());
    } catch (IOException e) {
      throw new RefusedException(String.valueOf(e.getMessage()));
    }
  }

  /** Adds the certificate of a node that was let in. */
  void sign(JoinRequest request, JoinAnswer.Builder answer, Timestamp now) throws IOException {
    NodeSecurity with = security;
    if (with == null) {
      return;
    }
    CertificateAuthority authority = with.files().authority(random);
    if (authority == null) {
      throw new IOException("this node cannot sign certificates yet");
    }
    PeerName name = new PeerName(answer.getVolume(), new NodeId(answer.getNode()));
    answer
        .setCertificate(
            ByteString.copyFrom(
                Certificates.encode(
                    authority.sign(
                        Certificates.requestedKey(request.getCertificateRequest().toByteArray()),
                        name,
                        now))))
        .setAuthority(ByteString.copyFrom(Certificates.encode(authority.certificate())));
  }

  /** The authority's key for a member; empty for anybody else. */
  ByteString authorityKeyFor(Peer peer) throws IOException {
    NodeSecurity with = security;
    if (with == null || peer.kind() != Peer.Kind.MEMBER) {
      return ByteString.EMPTY;
    }
    CertificateAuthority authority = with.files().authority(random);
    return authority == null ? ByteString.EMPTY : ByteString.copyFrom(authority.encodedKey());
  }

  static String sentence(long code, String control) {
    for (LogEntry.AdmitNode.Refusal refusal : LogEntry.AdmitNode.Refusal.values()) {
      if (refusal.code() == code) {
        return switch (refusal) {
          case NO_TOKEN ->
              "this cluster knows no such token, or it was revoked; make one with: pando token";
          case EXPIRED -> "the token has expired; make another with: pando token";
          case USED_UP -> "the token is used up; make another with: pando token";
          case ADDRESS_TAKEN ->
              "an address of this node ("
                  + control
                  + " or one of the two ports after it) is that of a member; listen on another one,"
                  + " or take the member out first with: pando node remove";
          case NOT_A_MEMBER ->
              "the node of the certificate that was shown is no member of this cluster any more:"
                  + " empty the data directory and join as a new node, with a token";
          case LAST_HOLDER ->
              "no other node of the cluster holds blocks yet: join again when one does";
        };
      }
    }
    return "the log refused the new node";
  }
}
