package io.pandofs.meta.engine;

import io.pandofs.meta.Reply;
import io.pandofs.meta.Standing;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.LogReply;
import java.util.ArrayList;
import java.util.List;

/**
 * Exactly next (PROTOCOL rule 18): of a session only the operation after its last one is applied,
 * an earlier one is answered as it was the first time.
 */
final class Batches {
  private Batches() {}

  static LogReply apply(LogEntry.Batch batch, long index, Store store, LocalEffects effects) {
    ClusterView.Session session = Sessions.find(store, batch.session());
    if (session == null) {
      return LogReply.refused(LogReply.Status.FENCED);
    }
    long first = batch.firstSequence();
    if (first < 1 || first > session.last() + 1) {
      return LogReply.refused(LogReply.Status.GAP);
    }
    List<Reply> replies = new ArrayList<>();
    long duplicates = Math.min(batch.requests().size(), session.last() + 1 - first);
    for (int i = 0; i < duplicates; i++) {
      Reply reply = Sessions.result(store, batch.session(), first + i);
      if (reply == null) {
        return LogReply.refused(LogReply.Status.FORGOTTEN);
      }
      replies.add(reply);
    }
    Granted granted = new Granted();
    for (int i = replies.size(); i < batch.requests().size(); i++) {
      Reply reply =
          OperationEngine.apply(
              batch.session(), granted, batch.requests().get(i), index, store, effects);
      if (batch.requests().get(i).standing() instanceof Standing.Ahead && !reply.errno().isOk()) {
        // Only success is answered ahead and sent; what was done on top of it must not be.
        return Membership.diverged(batch.session(), store, effects);
      }
      Sessions.putResult(store, batch.session(), first + i, reply);
      replies.add(reply);
    }
    advance(batch, session, store);
    return new LogReply(LogReply.Status.OK, replies, 0);
  }

  private static void advance(LogEntry.Batch batch, ClusterView.Session session, Store store) {
    long last = Math.max(session.last(), batch.firstSequence() + batch.requests().size() - 1);
    // What is applied here cannot have been acknowledged; a mount that says so is mistaken.
    long acknowledged = Math.min(batch.acknowledged(), session.last());
    acknowledged = Math.max(acknowledged, last - Sessions.RESULTS_MAX);
    acknowledged = Math.max(acknowledged, session.acknowledged());
    if (last == session.last() && acknowledged == session.acknowledged()) {
      return;
    }
    Sessions.forget(store, session.id(), session.acknowledged(), acknowledged);
    Sessions.save(
        store,
        new ClusterView.Session(
            session.id(), session.node(), last, acknowledged, session.registered()));
  }
}
