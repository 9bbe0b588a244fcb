package io.pandofs.tools.node;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has been started, closed in the opposite order. A part whose closing fails does not keep the
 * others open. Thread-safe; a part that is added after the closing began is closed at once.
 */
final class Parts implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Parts.class);

  private final Deque<Map.Entry<String, AutoCloseable>> open = new ArrayDeque<>();
  private boolean closing;

  /** Adds a part, which is closed before those that are here already. */
  synchronized <T extends AutoCloseable> T add(String name, T part) {
    if (closing) {
      close(name, part);
    } else {
      open.push(Map.entry(name, part));
    }
    return part;
  }

  @Override
  public void close() {
    while (true) {
      Map.Entry<String, AutoCloseable> part;
      synchronized (this) {
        closing = true;
        part = open.poll();
      }
      if (part == null) {
        return;
      }
      close(part.getKey(), part.getValue());
    }
  }

  private static void close(String name, AutoCloseable part) {
    try {
      part.close();
      LOG.debug("closed: {}", name);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      LOG.warn("{} did not close cleanly", name, e);
    }
  }
}
