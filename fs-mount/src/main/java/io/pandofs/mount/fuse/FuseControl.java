package io.pandofs.mount.fuse;

import io.pandofs.common.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The kernel's control of FUSE connections: files that end one or tell of it, each connection by
 * the minor number of its mounts (Documentation/filesystems/fuse.rst). Only root may use it.
 */
public final class FuseControl {
  private static final Path CONNECTIONS = Path.of("/sys/fs/fuse/connections");
  private static final String TYPE = "fusectl";

  private FuseControl() {}

  /** Ends a connection: calls of programs that wait for its daemon, and all later ones, fail. */
  public static void abort(int connection) throws IOException {
    Files.writeString(file(connection, "abort"), "1");
  }

  /** How many requests the daemon has not answered. */
  public static int waiting(int connection) throws IOException {
    return Integer.parseInt(Files.readString(file(connection, "waiting")).strip());
  }

  private static Path file(int connection, String name) throws IOException {
    Path file = CONNECTIONS.resolve(Integer.toString(connection)).resolve(name);
    if (!Files.exists(file)) {
      mount();
    }
    return file;
  }

  /** As systemd does at boot, where there is one. */
  private static void mount() throws IOException {
    if (MountTable.at(CONNECTIONS).isPresent()) {
      return;
    }
    if (LibC.load().mount(TYPE, CONNECTIONS.toString(), TYPE, 0, null) != 0
        && LibC.errno() != Errno.EBUSY.number()) { // somebody else was quicker
      throw new IOException("cannot mount " + TYPE + ": errno " + LibC.errno());
    }
  }
}
