package io.pandofs.meta.raft;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.engine.Granted;
import io.pandofs.meta.engine.LocalEffects;
import io.pandofs.meta.engine.LogEngine;
import io.pandofs.meta.engine.MemoryStore;
import io.pandofs.meta.engine.OperationEngine;
import io.pandofs.meta.engine.TableView;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The engine, or one that has lost one of its rules; alike on all nodes. */
final class CrookedEngine {
  private final LogEngine engine = new LogEngine();
  private final Predicate<Rule> keeps;

  CrookedEngine(Predicate<Rule> keeps) {
    this.keeps = keeps;
  }

  LogReply apply(LogEntry entry, long index, MemoryStore rows, LocalEffects effects) {
    if (!(entry instanceof LogEntry.Batch batch)) {
      return engine.apply(entry, index, rows, effects);
    }
    ClusterView.Session session = new ClusterView(rows).session(batch.session());
    if (session == null) {
      return keeps.test(Rule.ENDED_IS_FENCED)
          ? engine.apply(batch, index, rows, effects)
          : unfenced(batch, index, rows, effects);
    }
    if (!keeps.test(Rule.ONLY_HOLDER_CHANGES)) {
      batch.requests().forEach(request -> rob(request, batch.session(), index, rows, effects));
    }
    long next = session.last() + 1;
    long first = batch.firstSequence();
    boolean otherNumber =
        (first < next && !keeps.test(Rule.NO_SECOND_TIME))
            || (first > next && !keeps.test(Rule.NO_GAP));
    boolean forgets = !keeps.test(Rule.RESULTS_ARE_KEPT);
    LogEntry.Batch crooked =
        new LogEntry.Batch(
            batch.session(),
            otherNumber ? next : first,
            forgets ? session.last() : batch.acknowledged(),
            batch.requests());
    return engine.apply(crooked, index, rows, effects);
  }

  private static LogReply unfenced(
      LogEntry.Batch batch, long index, MemoryStore rows, LocalEffects effects) {
    List<Reply> replies = new ArrayList<>();
    for (Request request : batch.requests()) {
      replies.add(
          OperationEngine.apply(batch.session(), new Granted(), request, index, rows, effects));
    }
    return new LogReply(LogReply.Status.OK, replies, 0);
  }

  /** Takes the lease away that stands in the way. */
  private static void rob(
      Request request, SessionId by, long index, MemoryStore rows, LocalEffects effects) {
    InodeId inode = leased(request.operation());
    SessionId holder = inode == null ? null : holder(inode, index, rows);
    if (inode != null && holder != null && !holder.equals(by)) {
      Request release =
          new Request(
              new Operation.ReleaseLeases(List.of(inode)), request.caller(), request.time());
      OperationEngine.apply(holder, new Granted(), release, index, rows, effects);
    }
  }

  private static @Nullable InodeId leased(Operation operation) {
    if (operation instanceof Operation.AcquireLease acquire) {
      return acquire.inode();
    }
    return operation instanceof Operation.SetAttributes set ? set.inode() : null;
  }

  private static @Nullable SessionId holder(InodeId inode, long index, MemoryStore rows) {
    try (TableView view = new TableView(rows, index, () -> {})) {
      Attributes attributes = view.attributes(inode);
      return attributes.holder();
    } catch (ErrnoException e) {
      return null;
    }
  }
}
