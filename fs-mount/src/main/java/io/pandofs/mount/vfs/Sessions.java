package io.pandofs.mount.vfs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.MetadataView;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mount's session, and a new one as soon as a call finds the old one over. Thread-safe.
 *
 * <p>When a session ends by expiry, {@link Listener#lost} is called before any call goes to its
 * successor, and maybe once more, and {@link Listener#renewed} before the successor is given out.
 */
final class Sessions implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

  /** Who holds state that a session carries. */
  interface Listener {
    /** The session is over: what was not committed under it is lost. */
    void lost(MetadataSession session);

    /** From now on everything goes through this session. */
    void renewed(MetadataSession session);
  }

  private final SessionSource source;
  private final Listener listener;

  private volatile MetadataSession session;

  /** Attempts to register that have failed. Changed under the lock. */
  private volatile long failures;

  @GuardedBy("this")
  private boolean closed;

  Sessions(SessionSource source, Listener listener) throws IOException {
    this.source = source;
    this.listener = listener;
    MetadataSession first = source.register();
    listener.renewed(first);
    this.session = first;
    watch(first);
  }

  private void watch(MetadataSession fresh) {
    CompletableFuture<Void> unused =
        fresh.expired().whenComplete((ok, error) -> listener.lost(fresh));
  }

  /**
   * The live session.
   *
   * @throws ErrnoException EIO if a new one is needed and cannot be had in time, or after close
   */
  MetadataSession current() throws ErrnoException {
    MetadataSession present = session;
    return present.expired().isDone() ? renew(failures) : present;
  }

  /**
   * Registers anew. Whoever comes while another call is at it shares that call's fate: without a
   * majority each attempt takes all of the mount's patience, and they would add up.
   *
   * @param failuresBefore the count before this call began to wait
   */
  private synchronized MetadataSession renew(long failuresBefore) throws ErrnoException {
    if (closed) {
      throw new ErrnoException(Errno.EIO, "the filesystem is being unmounted");
    }
    if (!session.expired().isDone()) {
      return session;
    }
    if (failures != failuresBefore) {
      throw new ErrnoException(Errno.EIO, "no session");
    }
    listener.lost(session);
    try {
      MetadataSession fresh = source.register();
      LOG.warn("session {} has expired; going on as session {}", session.id(), fresh.id());
      // What is open is held in it before anybody can ask it for a view.
      listener.renewed(fresh);
      session = fresh;
      watch(fresh);
      return fresh;
    } catch (IOException e) {
      failures = failuresBefore + 1;
      LOG.warn("cannot register a session: {}", e.toString());
      throw new ErrnoException(Errno.EIO, "no session");
    }
  }

  /** The session as it is, over or not. */
  MetadataSession present() {
    return session;
  }

  /** A view as of now; see {@link Coherence#look} for what to do about the leases of others. */
  MetadataView view() throws ErrnoException {
    MetadataSession used = current();
    try {
      return used.view();
    } catch (ErrnoException e) {
      if (e.errno() == Errno.EINTR || !used.expired().isDone()) {
        throw e;
      }
      return current().view();
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    session.close();
  }
}
