package io.pandofs.meta.raft;

import io.pandofs.meta.ahead.Ahead;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.ReadStore;
import io.pandofs.meta.engine.TableView;
import io.pandofs.meta.rocksdb.RocksSnapshot;

/** A pinned look at this node's tables. Not thread-safe; close it soon, once. */
final class LocalSnapshot implements Ahead.Tables {
  private final RocksSnapshot snapshot;
  private final Runnable onClose;
  private boolean closed;

  LocalSnapshot(RocksSnapshot snapshot, Runnable onClose) {
    this.snapshot = snapshot;
    this.onClose = onClose;
  }

  RocksSnapshot tables() {
    return snapshot;
  }

  @Override
  public ReadStore store() {
    return snapshot;
  }

  ClusterView cluster() {
    return new ClusterView(snapshot);
  }

  long index() {
    return snapshot.applied().index();
  }

  /** The tree as it is here, for nobody; closing the view closes this. */
  TableView view() {
    return new TableView(snapshot, index(), this::close);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      onClose.run();
    }
  }
}
