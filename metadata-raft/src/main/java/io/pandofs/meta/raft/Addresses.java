package io.pandofs.meta.raft;

import java.net.InetSocketAddress;

/** host:port, [IPv6]:port. */
final class Addresses {
  private Addresses() {}

  /** Not resolved: whoever connects does that, so that a changed name is seen. */
  static InetSocketAddress parse(String address) throws RefusedException {
    int colon = address.lastIndexOf(':');
    if (colon <= 0) {
      throw new RefusedException("not an address of the form host:port: " + address);
    }
    String host = address.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      int port = Integer.parseInt(address.substring(colon + 1));
      if (port > 0 && port <= 0xffff && !host.isEmpty()) {
        return InetSocketAddress.createUnresolved(host, port);
      }
    } catch (NumberFormatException e) {
      throw new RefusedException("not a port in address " + address);
    }
    throw new RefusedException("not an address of the form host:port: " + address);
  }
}
