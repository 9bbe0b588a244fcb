package io.pandofs.meta.raft;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Operation;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.simulation.Host;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The files that a simulated mount holds leases of, with what was written to them and not sent: the
 * steps of the mount's {@code Leases} and of what flushes and reads. A file's size stands for its
 * bytes.
 */
final class SimulatedFiles {
  private static final long AGAIN_NANOS = 15_000_000;
  private static final long UNSENT_NANOS_MAX = 800_000_000;
  private static final int TRIES = 100;

  private final SimulatedCluster cluster;
  private final SimulatedNode node;
  private final SimulatedMount mount;
  private final Host host;
  private final Map<Long, OpenFile> files = new TreeMap<>();

  private enum Lease {
    NONE,
    ASKED,
    HELD,
    RETURNING
  }

  /** Where a file and its lease stand between this mount and the log. */
  private static final class OpenFile {
    final InodeId inode;
    Lease lease = Lease.NONE;
    boolean recalled;
    @Nullable Long unsent;
    @Nullable Long sending;

    /** Whether the log has answered what is being sent, which lies over the tables until then. */
    boolean answered;

    CompletableFuture<Boolean> sent = CompletableFuture.completedFuture(true);
    final List<CompletableFuture<Void>> wanted = new ArrayList<>();

    /** While the lease is held, the last that was taken, here or before. */
    long end;

    /** The last that was shown or taken here: what a kernel thinks is the end. */
    long seen;

    /** Counts sessions: what was asked in an earlier one is of no interest. */
    int generation;

    /** Changes when what lies over the log does. */
    int stamp;

    OpenFile(InodeId inode) {
      this.inode = inode;
    }

    @Nullable Long overlay() {
      return unsent != null ? unsent : sending;
    }
  }

  SimulatedFiles(SimulatedCluster cluster, SimulatedNode node, SimulatedMount mount) {
    this.cluster = cluster;
    this.node = node;
    this.mount = mount;
    this.host = node.host();
  }

  /** The session is over, and with it all leases and what was not sent. */
  void forget() {
    files.values().forEach(this::forget);
  }

  private void forget(OpenFile file) {
    file.generation++;
    file.unsent = null;
    file.sending = null;
    file.answered = false;
    file.sent = CompletableFuture.completedFuture(true);
    file.stamp++;
    none(file);
  }

  private void none(OpenFile file) {
    file.lease = Lease.NONE;
    file.recalled = false;
    List<CompletableFuture<Void>> now = List.copyOf(file.wanted);
    file.wanted.clear();
    now.forEach(one -> one.complete(null));
  }

  private OpenFile file(InodeId inode) {
    return files.computeIfAbsent(inode.value(), same -> new OpenFile(inode));
  }

  void write(InodeId inode) {
    OpenFile file = file(inode);
    write(file, () -> take(file), TRIES);
  }

  /** A write that comes behind all others; it is judged as a look at what it comes behind. */
  void append(InodeId inode) {
    OpenFile file = file(inode);
    long seen = file.seen;
    write(file, () -> append(file, seen), TRIES);
  }

  private void append(OpenFile file, long seen) {
    SessionId mine = mount.id();
    if (mine != null && !cluster.files().hasEnded(mine)) {
      long last = cluster.keeps(Rule.APPEND_UNDER_LEASE) ? file.end : seen;
      shown(file, cluster.files().begin(file.inode), last);
    }
    take(file);
  }

  private void write(OpenFile file, Runnable take, int tries) {
    if (mount.id() == null || tries == 0) {
      return;
    }
    if (file.lease == Lease.HELD && !file.recalled) {
      take.run();
    } else if (file.lease == Lease.NONE && !file.recalled) {
      acquire(file, take, tries);
    } else {
      host.after(AGAIN_NANOS, () -> write(file, take, tries - 1));
    }
  }

  private void acquire(OpenFile file, Runnable take, int tries) {
    file.lease = Lease.ASKED;
    int asked = file.generation;
    mount
        .submit(new Operation.AcquireLease(file.inode))
        .thenAccept(
            reply -> {
              if (file.generation != asked || file.lease != Lease.ASKED) {
                return;
              }
              if (reply.errno().isOk()) {
                file.lease = Lease.HELD;
                file.end = Objects.requireNonNull(reply.attributes()).sizeBytes();
                take.run();
              } else {
                none(file);
              }
              giveBack(file);
              if (reply.errno() == Errno.LEASED) {
                recall(
                    new SessionId(reply.number()), file.inode, () -> write(file, take, tries - 1));
              }
            });
  }

  private void take(OpenFile file) {
    if (mount.id() == null) {
      return;
    }
    long value = cluster.nextValue();
    file.unsent = value;
    file.end = value;
    file.seen = value;
    file.stamp++;
    cluster.files().taken(file.inode, value, mount.id());
    host.world().detail(() -> host + " takes " + value + " for " + file.inode);
    int written = file.generation;
    host.after(
        host.world().between(0, UNSENT_NANOS_MAX),
        () -> {
          if (file.generation == written) {
            flush(file);
          }
        });
  }

  /** Puts into the log what was written; true when that is done, false when it failed. */
  private CompletableFuture<Boolean> flush(OpenFile file) {
    Long value = file.unsent;
    if (value == null) {
      return file.sent;
    }
    file.unsent = null;
    file.sending = value;
    file.answered = false;
    file.stamp++;
    int written = file.generation;
    file.sent =
        mount
            .submitAhead(
                new Operation.SetAttributes(file.inode, null, null, null, value, null, null))
            .thenApply(
                reply -> {
                  boolean present = file.generation == written;
                  boolean done = reply.errno().isOk();
                  if (present && value.equals(file.sending)) {
                    answered(file, done);
                  }
                  if (reply.errno() == Errno.LEASED && present) {
                    host.world()
                        .violated(host + " holds " + file.inode + " and is refused " + value);
                  } else if (!done) {
                    cluster.files().failed(file.inode, value);
                  }
                  return done;
                });
    return file.sent;
  }

  private void answered(OpenFile file, boolean done) {
    file.answered = true;
    boolean waits = done && cluster.keeps(Rule.AHEAD_UNTIL_APPLIED) && file.lease != Lease.NONE;
    if (!waits || isApplied(file)) {
      sent(file);
    }
  }

  private boolean isApplied(OpenFile file) {
    return Objects.equals(file.sending, node.size(file.inode));
  }

  private void sent(OpenFile file) {
    file.sending = null;
    file.answered = false;
    file.stamp++;
  }

  /** The tables here have come further. */
  void applied() {
    for (OpenFile file : files.values()) {
      if (file.answered && isApplied(file)) {
        sent(file);
      }
    }
  }

  void sync(InodeId inode) {
    OpenFile file = file(inode);
    Long value = file.overlay();
    if (value != null) {
      flush(file)
          .thenAccept(
              done -> {
                if (done) {
                  cluster.files().synced(host.toString(), value);
                }
              });
    }
  }

  /** Renames a file, after what was written to it; without that it is not renamed. */
  void rename(InodeId inode, Operation.Rename rename) {
    int begun = cluster.files().begin(inode);
    CompletableFuture<Boolean> sent =
        cluster.keeps(Rule.DATA_BEFORE_RENAME)
            ? flush(file(inode))
            : CompletableFuture.completedFuture(true);
    sent.thenAccept(
        done -> {
          if (done) {
            submit(inode, rename, begun);
          }
        });
  }

  private void submit(InodeId inode, Operation.Rename rename, int begun) {
    mount
        .submit(rename)
        .thenAccept(
            reply -> {
              if (reply.errno().isOk()) {
                cluster.files().renamed(host.toString(), inode, begun);
              }
            });
  }

  /** Another mount wants a lease. */
  private CompletableFuture<Void> giveBack(SessionId holder, InodeId inode) {
    if (!holder.equals(mount.id())) {
      return CompletableFuture.failedFuture(new IOException(holder + " is not here"));
    }
    OpenFile file = file(inode);
    CompletableFuture<Void> done = new CompletableFuture<>();
    file.wanted.add(done);
    file.recalled = true;
    giveBack(file);
    return done;
  }

  private void giveBack(OpenFile file) {
    if (!file.recalled || !(file.lease == Lease.HELD || file.lease == Lease.NONE)) {
      return;
    }
    file.lease = Lease.RETURNING;
    int returning = file.generation;
    CompletableFuture<Boolean> flushed =
        cluster.keeps(Rule.FLUSH_BEFORE_RELEASE)
            ? flush(file)
            : CompletableFuture.completedFuture(true);
    flushed.thenAccept(
        done -> {
          if (file.generation == returning) {
            release(file);
          }
        });
  }

  private void release(OpenFile file) {
    int returning = file.generation;
    if (file.answered) {
      sent(file); // others may write from now on
    }
    mount
        .submit(new Operation.ReleaseLeases(List.of(file.inode)))
        .thenAccept(
            reply -> {
              if (file.generation == returning) {
                none(file);
              }
            });
  }

  private void recall(SessionId holder, InodeId inode, Runnable then) {
    ClusterView tables = node.present().cluster();
    ClusterView.Session session = tables.session(holder);
    if (session == null) {
      host.after(AGAIN_NANOS, then);
      return;
    }
    Host there = cluster.host(session.node());
    cluster
        .network()
        .call(
            host,
            there,
            () -> cluster.node(there).mount().files().giveBack(holder, inode),
            "recall")
        .whenComplete((given, failure) -> host.after(failure == null ? 0 : AGAIN_NANOS, then));
  }

  void read(InodeId inode) {
    read(file(inode), cluster.files().begin(inode), TRIES);
  }

  private void read(OpenFile file, int begun, int tries) {
    Long overlay = file.overlay();
    if (mount.id() == null || tries == 0) {
      return;
    }
    if (overlay != null && (mount.isCurrent() || !cluster.keeps(Rule.HOLDER_DEADLINE))) {
      shown(file, begun, overlay);
      return;
    }
    int stamp = file.stamp;
    mount.view(
        snapshot ->
            node.ask(
                snapshot,
                view -> view.attributes(file.inode),
                attributes -> read(file, begun, tries, stamp, attributes),
                failure -> host.world().violated(host + " reads " + file.inode + ": " + failure)));
  }

  private void read(OpenFile file, int begun, int tries, int stamp, Attributes attributes) {
    SessionId holder = attributes.holder();
    if (holder == null
        || (!holder.equals(mount.id()) && !cluster.keeps(Rule.RECALL_BEFORE_ANSWER))) {
      shown(file, begun, attributes.sizeBytes());
    } else if (!holder.equals(mount.id())) {
      recall(holder, file.inode, () -> read(file, begun, tries - 1));
    } else if (file.lease == Lease.RETURNING && file.overlay() == null) {
      host.after(AGAIN_NANOS, () -> read(file, begun, tries - 1));
    } else if (file.stamp != stamp) {
      read(file, begun, tries - 1);
    } else {
      Long overlay = file.overlay();
      shown(file, begun, overlay == null ? attributes.sizeBytes() : overlay);
    }
  }

  private void shown(OpenFile file, int begun, long value) {
    file.seen = value;
    cluster.files().shown(host.toString(), file.inode, begun, value);
  }
}
