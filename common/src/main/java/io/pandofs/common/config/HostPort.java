package io.pandofs.common.config;

import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * An address as people write it: {@code name:port}, {@code 10.0.0.1:port} or {@code [::1]:port}.
 * Not resolved: a name is looked up each time it is used, so that a moved machine is found again.
 *
 * @param host a name, an IPv4 or an IPv6 address, without brackets
 * @param port 1 to 65535
 */
public record HostPort(String host, int port) {
  private static final int PORT_MAX = 65_535;

  public HostPort {
    if (host.isEmpty() || port < 1 || port > PORT_MAX) {
      throw new IllegalArgumentException("not an address: " + host + " port " + port);
    }
  }

  /** The address this text means; empty when it means none. */
  public static Optional<HostPort> parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      return Optional.empty();
    }
    Optional<String> host = parseHost(text.substring(0, colon));
    String port = text.substring(colon + 1);
    if (host.isEmpty() || !port.matches("[0-9]{1,5}")) {
      return Optional.empty();
    }
    int number = Integer.parseInt(port);
    return number < 1 || number > PORT_MAX
        ? Optional.empty()
        : Optional.of(new HostPort(host.get(), number));
  }

  /** The same for a text that may leave the port out, as {@code name} or {@code [::1]}. */
  public static Optional<HostPort> parse(String text, int usualPort) {
    Optional<HostPort> whole = parse(text);
    return whole.isPresent() ? whole : parse(text + ":" + usualPort);
  }

  private static Optional<String> parseHost(String text) {
    if (text.startsWith("[") && text.endsWith("]")) {
      String inner = text.substring(1, text.length() - 1);
      return inner.matches("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%[A-Za-z0-9._-]+)?")
          ? Optional.of(inner)
          : Optional.empty();
    }
    return text.matches("[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\\.?")
        ? Optional.of(text)
        : Optional.empty();
  }

  /**
   * Whether it stands for all addresses of the machine, and so can be listened on but not called.
   */
  public boolean isWildcard() {
    return host.equals("0.0.0.0") || host.matches("[0:]*:[0:]*");
  }

  /** The address to bind or to call, its name looked up now; may be unresolved. */
  public InetSocketAddress toSocketAddress() {
    return new InetSocketAddress(host, port);
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
