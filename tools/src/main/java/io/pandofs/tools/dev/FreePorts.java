package io.pandofs.tools.dev;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Finds ports that nobody listens on. They are taken from below the range that the kernel gives to
 * outgoing connections (32768 and up), so that a node that is down for a while finds its port free
 * again.
 */
final class FreePorts {
  private static final int FIRST = 20_000;
  private static final int LAST = 32_000;
  private static final int TRIES = 10_000;

  private final RandomGenerator random;

  FreePorts(RandomGenerator random) {
    this.random = random;
  }

  /** So many different free ports, none of them in {@code taken}. */
  List<Integer> find(int count, Set<Integer> taken) throws IOException {
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < TRIES && found.size() < count; i++) {
      int port = random.nextInt(FIRST, LAST);
      if (!taken.contains(port) && !found.contains(port) && isFree(port)) {
        found.add(port);
      }
    }
    if (found.size() < count) {
      throw new IOException("no free ports between " + FIRST + " and " + LAST);
    }
    return found;
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
