package io.pandofs.meta.engine;

import io.pandofs.common.SessionId;
import io.pandofs.meta.Operation.NumberKind;
import java.util.EnumMap;
import java.util.Map;

/**
 * Ranges of numbers that a session was seen to hold. It keeps a range as long as it lives, so what
 * was seen once need not be looked for again: most numbers are the next of the same range. Not
 * thread-safe.
 */
public final class Granted {
  private final Map<NumberKind, Range> seen = new EnumMap<>(NumberKind.class);

  /** From a number to before another one. */
  record Range(long first, long end) {
    boolean has(long number) {
      return number >= first && number < end;
    }
  }

  /** Whether the session holds the number, by what was seen or by these tables. */
  boolean has(ReadStore tables, SessionId session, NumberKind kind, long number) {
    Range known = seen.get(kind);
    if (known != null && known.has(number)) {
      return true;
    }
    Range found = Grants.find(tables, session, kind, number);
    if (found != null) {
      seen.put(kind, found);
    }
    return found != null;
  }
}
