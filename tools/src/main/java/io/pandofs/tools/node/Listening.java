package io.pandofs.tools.node;

import io.pandofs.common.config.HostPort;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Tells early and clearly that an address cannot be listened on, before anything is changed. */
public final class Listening {
  private Listening() {}

  /** Refuses when somebody has the address; {@code key} is the configuration's word for it. */
  public static void checkFree(HostPort address, String key) throws Refusal {
    InetSocketAddress socket = address.toSocketAddress();
    if (socket.isUnresolved()) {
      throw new Refusal(key + ": there is no machine called " + address.host() + "; correct it.");
    }
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(socket);
    } catch (IOException e) {
      throw new Refusal(
          "Cannot listen on "
              + address
              + " ("
              + key
              + "): "
              + e.getMessage()
              + "; stop what uses it, or write another address.",
          e);
    }
  }
}
