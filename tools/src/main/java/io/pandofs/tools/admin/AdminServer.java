package io.pandofs.tools.admin;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.json.JsonWriter;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The daemon's end of the admin channel: a unix domain socket in the data directory, which only the
 * daemon's own user (and root) can open. One request a connection: a line {@code {"command":NAME,
 * ...}}; the answer is any number of lines {@code {"progress":TEXT}} and then one {@code
 * {"ok":true,"result":{...}}} or {@code {"ok":false,"error":TEXT, "usage":BOOLEAN}}, where {@code
 * usage} says that the command line makes no sense.
 *
 * <p>Thread-safe. A thread a connection, at most eight at a time; more are answered that it is
 * busy. Closing interrupts the commands that run.
 */
public final class AdminServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
  private static final int CONNECTIONS_MAX = 8;
  private static final int BACKLOG = 16;

  private final Path socket;
  private final ServerSocketChannel server;
  private final Map<String, AdminCommand> commands = new ConcurrentHashMap<>();
  private final Map<Thread, SocketChannel> serving = new ConcurrentHashMap<>();
  private final Semaphore room = new Semaphore(CONNECTIONS_MAX);

  private AdminServer(Path socket, ServerSocketChannel server) {
    this.socket = socket;
    this.server = server;
  }

  /**
   * Listens in a data directory, which the calling process has locked: a socket that is there was
   * left by a process that is gone. Commands are added as their parts come up.
   */
  public static AdminServer open(Path dataDirectory) throws Refusal {
    UnixDomainSocketAddress address = AdminSocket.in(dataDirectory);
    try {
      Files.setPosixFilePermissions(dataDirectory, PosixFilePermissions.fromString("rwx------"));
      Files.deleteIfExists(address.getPath());
      ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        server.bind(address, BACKLOG);
        Files.setPosixFilePermissions(
            address.getPath(), PosixFilePermissions.fromString("rw-------"));
      } catch (IOException e) {
        server.close();
        throw e;
      }
      AdminServer admin = new AdminServer(address.getPath(), server);
      admin.thread("admin", admin::accept).start();
      return admin;
    } catch (IOException e) {
      throw new Refusal("Cannot listen on " + address.getPath() + ": " + e.getMessage() + ".", e);
    }
  }

  /** From now on requests of this name go to this command. */
  public void add(String name, AdminCommand command) {
    commands.put(name, command);
  }

  private Thread thread(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel client = server.accept();
        Thread thread = thread("admin-command", () -> serve(client));
        serving.put(thread, client);
        thread.start();
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        LOG.error("the admin channel is gone; restart the node to have it again", e);
        return;
      }
    }
  }

  private void serve(SocketChannel client) {
    boolean mine = room.tryAcquire();
    try (client) {
      if (mine) {
        answer(client);
      } else {
        write(client, failure("this node is busy with other commands; try again"));
      }
    } catch (IOException e) {
      LOG.debug("an admin client went away: {}", e.toString());
    } finally {
      if (mine) {
        room.release();
      }
      serving.remove(Thread.currentThread());
    }
  }

  private void answer(SocketChannel client) throws IOException {
    String line =
        AdminSocket.readLine(
            new BufferedInputStream(Channels.newInputStream(client)), AdminSocket.REQUEST_MAX);
    if (line == null) {
      return;
    }
    Map<String, @Nullable Object> last;
    String name = "?";
    try {
      JsonObject request = JsonReader.readObject(line);
      name = request.text("command");
      AdminCommand command = commands.get(name);
      if (command == null) {
        last = failure("this node does not know '" + name + "', or is still starting; see its log");
      } else {
        LOG.info("asked to: {}", name);
        last = success(command.run(request, text -> write(client, Map.of("progress", text))));
      }
    } catch (InterruptedException e) {
      // Not set again: the channel would be closed under the answer, and the thread ends anyway.
      last = failure("the node is stopping");
    } catch (Refusal e) {
      LOG.info("{} was refused: {}", name, e.getMessage());
      last = failure(String.valueOf(e.getMessage()), e.isUsage());
    } catch (IOException | RuntimeException e) {
      LOG.warn("{} failed", name, e);
      last = failure(name + " failed: " + e.getMessage() + "; see the node's log");
    }
    write(client, last);
  }

  private static Map<String, @Nullable Object> success(Map<String, @Nullable Object> result) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("ok", true);
    document.put("result", result);
    return document;
  }

  private static Map<String, @Nullable Object> failure(String why) {
    return failure(why, false);
  }

  private static Map<String, @Nullable Object> failure(String why, boolean usage) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("ok", false);
    document.put("error", why);
    document.put("usage", usage);
    return document;
  }

  private static void write(SocketChannel client, Map<String, ?> document) throws IOException {
    AdminSocket.writeLine(client, JsonWriter.write(document));
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket);
    for (Map.Entry<Thread, SocketChannel> each : Set.copyOf(serving.entrySet())) {
      each.getKey().interrupt();
    }
  }
}
