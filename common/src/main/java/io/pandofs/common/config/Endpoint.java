package io.pandofs.common.config;

import org.jspecify.annotations.Nullable;

/**
 * Where a server listens, and where others find it: not the same behind a router or in a container.
 *
 * @param advertise null when others find it where it listens
 */
public record Endpoint(HostPort listen, @Nullable HostPort advertise) {

  /**
   * The address to tell others.
   *
   * @param machineName used when it listens on all addresses and nothing was said
   */
  public HostPort advertised(String machineName) {
    if (advertise != null) {
      return advertise;
    }
    return listen.isWildcard() ? new HostPort(machineName, listen.port()) : listen;
  }

  static Endpoint read(ConfigTable table, String section, int port) throws ConfigException {
    HostPort listen = table.address(section + ".listen", new HostPort("0.0.0.0", port));
    HostPort advertise = table.address(section + ".advertise");
    if (advertise != null && advertise.isWildcard()) {
      throw table.failure(
          section + ".advertise",
          "others cannot call " + advertise + "; write this machine's name");
    }
    return new Endpoint(listen, advertise);
  }
}
