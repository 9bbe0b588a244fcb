package io.pandofs.tools.node;

import io.pandofs.common.NodeId;
import io.pandofs.common.config.Endpoint;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.identity.Admission;
import io.pandofs.common.identity.IdentityFiles;
import io.pandofs.common.identity.Keyring;
import io.pandofs.common.identity.PeerName;
import io.pandofs.common.net.Tls;
import io.pandofs.meta.raft.ControlMethods;
import io.pandofs.meta.raft.DataDirectory;
import io.pandofs.meta.raft.Identity;
import io.pandofs.meta.raft.NodeSecurity;
import io.pandofs.meta.raft.RefusedException;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How this node's connections are protected: with the keys and certificates in its data directory,
 * or, where it has none, by listening on this machine only.
 *
 * @param security null without certificates
 * @param control of the control server, which newcomers may ask to be let in; likewise
 * @param peers of everything else; likewise
 */
record Protection(@Nullable NodeSecurity security, @Nullable Tls control, @Nullable Tls peers) {

  /** Refuses what would be heard by others unprotected, and keys that are not this node's. */
  static Protection of(DataDirectory data, NodeConfig config) throws Refusal {
    IdentityFiles files = data.files();
    if (!files.isPresent()) {
      checkLoopback(config);
      return new Protection(null, null, null);
    }
    try {
      Keyring keyring = new Keyring(files.credentials());
      checkOwner(data.identity(), keyring.credentials().name(), config);
      Admission admission = Admission.ALL;
      return new Protection(
          new NodeSecurity(keyring, files, admission),
          Tls.memberThatTakesNewcomers(keyring, admission, ControlMethods::isOpenToNewcomers),
          Tls.member(keyring, admission));
    } catch (RefusedException e) {
      throw new Refusal("Cannot start: " + e.getMessage() + ".", e);
    } catch (IOException e) {
      throw new Refusal("Cannot read this node's certificates: " + e.getMessage() + ".", e);
    }
  }

  private static void checkOwner(@Nullable Identity identity, PeerName name, NodeConfig config)
      throws Refusal {
    if (identity == null) {
      throw new Refusal(
          "The join of "
              + config.dataDirectory()
              + " was not finished; run the same pando join once more.");
    }
    NodeId node = identity.node();
    if (!name.equals(new PeerName(identity.volumeId(), node))) {
      throw new Refusal(
          "The certificate in "
              + config.dataDirectory()
              + " is that of "
              + name
              + ", the data that of "
              + node
              + " of cluster "
              + Long.toHexString(identity.volumeId())
              + "; empty the directory and join as a new node.");
    }
  }

  private static void checkLoopback(NodeConfig config) throws Refusal {
    Map<String, Endpoint> endpoints = new LinkedHashMap<>();
    endpoints.put("control", config.control());
    endpoints.put("raft", config.raft());
    endpoints.put("blocks", config.blocks());
    for (Map.Entry<String, Endpoint> each : endpoints.entrySet()) {
      InetAddress address = each.getValue().listen().toSocketAddress().getAddress();
      if (address == null || !address.isLoopbackAddress()) {
        throw new Refusal(
            each.getKey()
                + ".listen "
                + each.getValue().listen()
                + " can be reached from elsewhere, and this node has no certificates: make the"
                + " node with pando init or pando join, or listen on 127.0.0.1.");
      }
    }
  }
}
