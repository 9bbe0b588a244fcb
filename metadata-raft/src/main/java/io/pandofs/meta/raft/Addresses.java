package io.pandofs.meta.raft;

import java.net.InetSocketAddress;

/** host:port, [IPv6]:port. */
final class Addresses {
  private static final int LENGTH_MAX = 300;

  private Addresses() {}

  /** Not resolved: whoever connects does that, so that a changed name is seen. */
  static InetSocketAddress parse(String address) throws RefusedException {
    if (!address.equals(printable(address))) {
      throw new RefusedException("not an address: " + printable(address));
    }
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

  /** An address that anybody may have sent, fit for a line of a log. */
  static String printable(String address) {
    String start = address.length() > LENGTH_MAX ? address.substring(0, LENGTH_MAX) : address;
    return start.replaceAll("[^!-~]", "?");
  }
}
