package io.pandofs.tools.node;

import io.pandofs.common.NodeId;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.raft.BlockTables;
import io.pandofs.meta.raft.ClusterAdmin;
import java.io.IOException;
import java.time.Duration;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that the log knows how large this node's disks are. More is told at once. Less is told
 * when it has been less for as long as a whole node may be away before others hold its groups: a
 * disk that fails for a while moves no group. One thread's.
 */
final class CapacityReport {
  private static final Logger LOG = LoggerFactory.getLogger(CapacityReport.class);

  /** A difference of less than one part in so many moves no group. */
  private static final long PARTS = 100;

  private final Disks disks;
  private final Told told;
  private final Duration grace;
  private final Clock clock;

  /** Whether there has been less than was told since {@link #lessSinceNanos}. */
  private boolean less;

  private long lessSinceNanos;

  /** The most that there has been since then. */
  private long most;

  /** The disks of this node. */
  interface Disks {
    /** As {@link NodeDisks#capacityBytes}. */
    long capacityBytes() throws IOException;
  }

  /** What the log has. */
  interface Told {
    /** Bytes, as of what this node has applied; 0 before any were told, empty for no member. */
    OptionalLong bytes();

    /** Waits for the leader. */
    void tell(long bytes) throws IOException;

    /** Of this node. */
    static Told of(NodeId self, BlockTables tables, ClusterAdmin admin) {
      return new Told() {
        @Override
        public OptionalLong bytes() {
          return tables.nodes().stream()
              .filter(node -> node.id().equals(self))
              .mapToLong(ClusterView.Node::capacityBytes)
              .findFirst();
        }

        @Override
        public void tell(long bytes) throws IOException {
          admin.setCapacity(self, bytes);
        }
      };
    }
  }

  /**
   * @param grace for how long there must be less until that is told
   */
  CapacityReport(Disks disks, Told told, Duration grace, Clock clock) {
    this.disks = disks;
    this.told = told;
    this.grace = grace;
    this.clock = clock;
  }

  /** To be called now and then; waits for the leader when there is something to tell. */
  void look() {
    try {
      look(disks.capacityBytes());
    } catch (IOException | RuntimeException e) {
      LOG.debug("how large the disks are is told later: {}", e.toString());
    }
  }

  private void look(long capacity) throws IOException {
    OptionalLong known = told.bytes();
    if (known.isEmpty() || Math.abs(known.getAsLong() - capacity) <= capacity / PARTS) {
      less = false;
    } else if (capacity > known.getAsLong()) {
      less = false;
      told.tell(capacity);
    } else {
      wentOn(capacity);
    }
  }

  /** A disk that failed just now counts on, beside one that failed long ago. */
  private void wentOn(long capacity) throws IOException {
    long now = clock.nanoTime();
    if (!less) {
      less = true;
      lessSinceNanos = now;
      most = capacity;
    }
    most = Math.max(most, capacity);
    if (now - lessSinceNanos >= grace.toNanos()) {
      told.tell(most);
      less = false;
    }
  }
}
