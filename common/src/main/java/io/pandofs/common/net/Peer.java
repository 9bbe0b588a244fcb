package io.pandofs.common.net;

import io.pandofs.common.NodeId;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Who is at the other end of a server's connection.
 *
 * @param address for log lines
 * @param kind what is known of it
 * @param node which member it proved to be; null unless it is one
 */
public record Peer(InetSocketAddress address, Kind kind, @Nullable NodeId node) {
  /** What a connection proves of its other end. */
  public enum Kind {
    /** Nothing: it is not encrypted, which is for one machine only. */
    PLAIN,
    /** It showed the certificate of a member of this cluster. */
    MEMBER,
    /** It showed no certificate: it may ask to join, and nothing else. */
    NEWCOMER
  }

  /** The other end of a connection that is not encrypted. */
  public static Peer plain(InetSocketAddress address) {
    return new Peer(address, Kind.PLAIN, null);
  }

  static Peer newcomer(InetSocketAddress address) {
    return new Peer(address, Kind.NEWCOMER, null);
  }

  static Peer member(InetSocketAddress address, NodeId node) {
    return new Peer(address, Kind.MEMBER, node);
  }

  /** Whether it may speak for this node: a member only for itself. */
  public boolean maySpeakFor(NodeId claimed) {
    return kind == Kind.PLAIN || (kind == Kind.MEMBER && claimed.equals(node));
  }

  @Override
  public String toString() {
    return node == null ? address.toString() : node + " at " + address;
  }
}
