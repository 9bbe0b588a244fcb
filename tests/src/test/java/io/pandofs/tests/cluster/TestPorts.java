package io.pandofs.tests.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Ports that nobody listens on, none of them given twice. They are from below the range that the
 * kernel gives to outgoing connections, one of which could take a port between this look and its
 * use.
 */
final class TestPorts {
  private static final int FIRST = 14_000;
  private static final int LAST = 19_000;
  private static final AtomicInteger next =
      new AtomicInteger(FIRST + (int) (ProcessHandle.current().pid() * 40 % 4_000));

  private TestPorts() {}

  /** The first of so many in a row. */
  static int row(int count) {
    while (true) {
      int first = next.getAndAdd(count);
      if (first + count > LAST) {
        throw new AssertionError("no free ports are left");
      }
      if (IntStream.range(first, first + count).allMatch(TestPorts::isFree)) {
        return first;
      }
    }
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
