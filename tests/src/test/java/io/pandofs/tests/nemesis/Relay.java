package io.pandofs.tests.nemesis;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Carries the connections between nodes, and can be slow: while a node is delayed each piece (up to
 * 64 KiB) that it sends or gets arrives so much later, one piece after the other.
 */
final class Relay implements Closeable {
  private static final int PIECE = 64 << 10;
  private static final int BACKLOG = 64;
  private static final int NODES_MAX = 10;

  private final List<ServerSocket> listening = new ArrayList<>();
  private final AtomicLongArray delayMillis = new AtomicLongArray(NODES_MAX);
  private final AtomicLong delayed = new AtomicLong();

  /** Listens for every way and every port between nodes. */
  static Relay start(Network network) throws IOException {
    Relay relay = new Relay();
    for (Network.Way way : network.ways()) {
      for (int port : Network.ports(way.to())) {
        relay.listen(way, port);
      }
    }
    return relay;
  }

  private void listen(Network.Way way, int port) throws IOException {
    ServerSocket server = new ServerSocket();
    server.setReuseAddress(true);
    server.bind(new InetSocketAddress(Network.relay(way), port), BACKLOG);
    listening.add(server);
    daemon("relay-" + way + "-" + port, () -> accept(server, way, port));
  }

  /** Delays what a node sends and gets; 0 ends it. */
  void delay(int node, long millis) {
    delayMillis.set(node, millis);
  }

  /** Pieces that were late so far. */
  long delayed() {
    return delayed.get();
  }

  private void accept(ServerSocket server, Network.Way way, int port) {
    while (!server.isClosed()) {
      try {
        Socket caller = server.accept();
        daemon("relay-connect-" + way, () -> connect(caller, way, port));
      } catch (SocketException e) {
        return; // closed
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private void connect(Socket caller, Network.Way way, int port) {
    Socket called = new Socket();
    try {
      // As if the caller itself had called: the rules of Network see the pair.
      called.bind(new InetSocketAddress(Network.address(way.from()), 0));
      called.connect(new InetSocketAddress(Network.address(way.to()), port));
      caller.setTcpNoDelay(true);
      called.setTcpNoDelay(true);
    } catch (IOException e) {
      close(caller, called); // a node that does not listen refuses: so does its relay
      return;
    }
    daemon("relay-answers-" + way, () -> pump(called, caller, way));
    pump(caller, called, way);
  }

  private void pump(Socket from, Socket to, Network.Way way) {
    byte[] piece = new byte[PIECE];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        long millis = Math.max(delayMillis.get(way.from()), delayMillis.get(way.to()));
        if (millis > 0) {
          TimeUnit.MILLISECONDS.sleep(millis);
          delayed.incrementAndGet();
        }
        out.write(piece, 0, n);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      close(from, to); // the end of one side is the end of the other
    } catch (InterruptedException e) {
      close(from, to);
      Thread.currentThread().interrupt();
    }
  }

  private static void close(Socket... sockets) {
    for (Socket socket : sockets) {
      try {
        socket.close();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private static void daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    for (ServerSocket server : listening) {
      server.close();
    }
  }
}
