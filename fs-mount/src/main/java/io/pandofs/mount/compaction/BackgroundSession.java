package io.pandofs.mount.compaction;

import io.pandofs.common.time.Clock;
import io.pandofs.meta.MetadataSession;
import io.pandofs.mount.vfs.SessionSource;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A session for work that comes now and then: made when it is needed, ended when nothing was done
 * in it for long. Used by one thread; {@link #close} by any.
 */
final class BackgroundSession implements AutoCloseable {
  /** So long it is kept. */
  static final Duration IDLE = Duration.ofMinutes(10);

  /** It ends when so much was put in it that did not become part of a file. */
  static final long WASTED_MAX = 64L << 20;

  private final SessionSource source;
  private final Clock clock;
  private long usedNanos;
  private long wastedBytes;
  private volatile @Nullable MetadataSession session;
  private volatile boolean closed;

  BackgroundSession(SessionSource source, Clock clock) {
    this.source = source;
    this.clock = clock;
    this.usedNanos = clock.nanoTime();
  }

  /**
   * The present one, or a new one.
   *
   * @throws IOException if none can be had, or after close
   */
  MetadataSession get() throws IOException {
    MetadataSession present = session;
    if (present == null || present.expired().isDone()) {
      present = source.register();
      session = present;
      wastedBytes = 0;
      used();
      if (closed) {
        end();
        throw new IOException("the node is stopping");
      }
    }
    return present;
  }

  /** Something was done in it. */
  void used() {
    usedNanos = clock.nanoTime();
  }

  /** Something was put in it in vain; its end has that deleted. */
  void wasted(long bytes) {
    wastedBytes += bytes;
    if (wastedBytes >= WASTED_MAX) {
      end();
    }
  }

  /** Ends it if it has not been used for long; whether it did. */
  boolean endIfIdle() {
    boolean isIdle = clock.nanoTime() - usedNanos >= IDLE.toNanos();
    if (isIdle) {
      end();
    }
    return isIdle;
  }

  /** Ends it; what was put in it and not committed becomes nobody's. */
  void end() {
    MetadataSession present = session;
    session = null;
    if (present != null) {
      present.close();
    }
  }

  boolean isClosed() {
    return closed;
  }

  /** What is under way in it fails soon. */
  @Override
  public void close() {
    closed = true;
    end();
  }
}
