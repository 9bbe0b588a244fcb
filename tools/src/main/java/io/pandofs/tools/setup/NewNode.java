package io.pandofs.tools.setup;

import io.pandofs.common.config.HostPort;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;

/**
 * A node that is to be.
 *
 * @param config the configuration file to write
 * @param control where the control server listens and is found; Raft, blocks and status follow on
 *     the next ports
 */
public record NewNode(Path config, Path data, Path mount, String name, HostPort control) {
  private static final int STATUS_OFFSET = NodeConfig.STATUS_PORT - NodeConfig.CONTROL_PORT;
  private static final int PORT_MAX = 65_535;

  public NewNode {
    config = config.toAbsolutePath().normalize();
    data = data.toAbsolutePath().normalize();
    mount = mount.toAbsolutePath().normalize();
  }

  /**
   * The address that a person wrote, checked; the one that others reach this machine by if none.
   */
  public static HostPort listen(String text) throws Refusal {
    if (text.isEmpty()) {
      return new HostPort(ownAddress(), NodeConfig.CONTROL_PORT);
    }
    HostPort address =
        HostPort.parse(text, NodeConfig.CONTROL_PORT)
            .orElseThrow(
                () ->
                    Refusal.ofUsage("'" + text + "' is not an address; write --listen HOST:PORT."));
    if (address.isWildcard()) {
      throw Refusal.ofUsage(
          "The others cannot call "
              + address.host()
              + "; say with --listen the address by which they reach this machine.");
    }
    if (address.port() > PORT_MAX - STATUS_OFFSET) {
      throw Refusal.ofUsage(
          "There are no three ports after " + address.port() + "; say another one.");
    }
    return address;
  }

  /** The address that packets to other machines carry; none is sent to find out. */
  private static String ownAddress() throws Refusal {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(new InetSocketAddress("192.0.2.1", 9)); // RFC 5737: nobody's
      InetAddress own = socket.getLocalAddress();
      if (!own.isAnyLocalAddress() && !own.isLoopbackAddress()) {
        return own.getHostAddress();
      }
    } catch (IOException | UncheckedIOException e) {
      throw unknown(e);
    }
    throw unknown(new IOException("only loopback"));
  }

  private static Refusal unknown(Exception cause) {
    return new Refusal(
        "This machine's own address cannot be told; say it with --listen HOST:PORT.", cause);
  }

  /** The address {@code offset} ports further on. */
  private HostPort after(int offset) {
    return new HostPort(control.host(), control.port() + offset);
  }

  HostPort raft() {
    return after(NodeConfig.RAFT_PORT - NodeConfig.CONTROL_PORT);
  }

  HostPort blocks() {
    return after(NodeConfig.BLOCKS_PORT - NodeConfig.CONTROL_PORT);
  }

  /** Where this machine's commands ask for its status. */
  public HostPort status() {
    return new HostPort("127.0.0.1", control.port() + STATUS_OFFSET);
  }

  /** Where the daemon writes what it has to say. */
  public Path log() {
    return data.resolve("node.log");
  }

  String toToml() {
    return "# A node of a Pando cluster; written by pando when the node was made.\nname = "
        + quoted(name)
        + "\ndata_dir = "
        + quoted(data)
        + "\nmount = "
        + quoted(mount)
        + "\n\n[control]\nlisten = "
        + quoted(control)
        + "\n\n[raft]\nlisten = "
        + quoted(raft())
        + "\n\n[blocks]\nlisten = "
        + quoted(blocks())
        + "\n\n[status]\nlisten = "
        + quoted(status())
        + "\n";
  }

  private static String quoted(Object value) {
    return "\"" + value.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }
}
