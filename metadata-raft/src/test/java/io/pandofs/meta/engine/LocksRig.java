package io.pandofs.meta.engine;

import io.pandofs.common.SessionId;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.log.LogEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An engine with as many sessions as a test wants, and what they are granted. */
final class LocksRig {
  final EngineRig engine = new EngineRig();

  /** Session and wait. */
  final List<String> granted = engine.granted;

  private final Map<SessionId, Long> sequences = new HashMap<>();

  SessionId register() {
    return new SessionId(
        engine.apply(new LogEntry.RegisterSession(engine.node, EngineRig.NOW)).number());
  }

  Reply submit(SessionId session, Operation operation) {
    long sequence = sequences.merge(session, 1L, Long::sum);
    Request request = new Request(operation, Caller.ROOT, EngineRig.NOW);
    return engine
        .apply(new LogEntry.Batch(session, sequence, sequence - 1, List.of(request)))
        .replies()
        .get(0);
  }

  /** Rows of locks of any kind. */
  int rows() {
    return keys().size();
  }

  List<byte[]> keys() {
    List<byte[]> keys = new ArrayList<>();
    try (ReadStore.Cursor rows = engine.store.scan(Table.LOCKS, new byte[0], null)) {
      while (rows.next()) {
        keys.add(rows.key());
      }
    }
    return keys;
  }
}
