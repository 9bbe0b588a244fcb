package io.pandofs.common.time;

import io.pandofs.common.Timestamp;

/** Where time comes from. A constructor argument everywhere, so that tests can hold it in hand. */
public interface Clock {
  /** The time of day, UTC; may jump. */
  Timestamp now();

  /** Nanoseconds from an arbitrary origin that never go backwards; for deadlines and rates. */
  long nanoTime();
}
