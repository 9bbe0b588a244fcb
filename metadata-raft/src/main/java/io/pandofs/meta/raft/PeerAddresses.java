package io.pandofs.meta.raft;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.RaftServerRpcWithProxy;
import org.apache.ratis.util.PeerProxyMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes Ratis connect to a peer's new address. Ratis 3.3.0 keeps the address with which it saw a
 * peer first for as long as the server runs, and has no call to change it: a new configuration with
 * another address is taken into the log, but the old address is dialled for ever. So the entry is
 * taken out of Ratis' own map, from where its next call makes it anew. Thread-safe.
 */
final class PeerAddresses {
  private static final Logger LOG = LoggerFactory.getLogger(PeerAddresses.class);

  @GuardedBy("this")
  private final Map<RaftPeerId, String> followed = new HashMap<>();

  /** From the next call on the peer is asked at the address it has here. */
  synchronized void follow(RaftServerRpc rpc, RaftPeer peer) {
    String before = followed.put(peer.getId(), peer.getAddress());
    if (before == null || before.equals(peer.getAddress())) {
      return;
    }
    LOG.info("{} has moved from {} to {}", peer.getId(), before, peer.getAddress());
    if (!(rpc instanceof RaftServerRpcWithProxy<?, ?> known)) {
      throw new IllegalStateException("this Ratis connects in another way: " + rpc.getClass());
    }
    PeerProxyMap<?> proxies = known.getProxies();
    // Closes the old connection and makes an entry with the old address, which goes next.
    proxies.resetProxy(peer.getId());
    entries(proxies).remove(peer.getId());
    proxies.addRaftPeers(List.of(peer));
  }

  private static Map<?, ?> entries(PeerProxyMap<?> proxies) {
    try {
      Field peers = PeerProxyMap.class.getDeclaredField("peers");
      peers.setAccessible(true);
      if (peers.get(proxies) instanceof Map<?, ?> entries) {
        return entries;
      }
    } catch (NoSuchFieldException | IllegalAccessException e) {
      throw new IllegalStateException("this Ratis keeps its peers in another way", e);
    }
    throw new IllegalStateException("this Ratis keeps its peers in another way");
  }
}
