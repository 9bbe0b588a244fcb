package io.pandofs.meta.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time and chance. Events happen one after another in the order of their times, ties in the
 * order in which they were made; nothing else in a simulation has a thread, a clock or a random
 * number. After every event the checks are made.
 */
public final class World {
  private static final int TRACE_LINES = 400;

  private final long seed;
  private final Random random;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final List<Runnable> checks = new ArrayList<>();
  private final Deque<String> trace = new ArrayDeque<>();
  private long nowNanos;
  private long made;
  private int traceLines = TRACE_LINES;
  private @Nullable AssertionError violation;

  public World(long seed) {
    this.seed = seed;
    this.random = new Random(seed);
  }

  private record Event(long atNanos, long number, Runnable task) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int order = Long.compare(atNanos, other.atNanos);
      return order == 0 ? Long.compare(number, other.number) : order;
    }
  }

  public long seed() {
    return seed;
  }

  public Random random() {
    return random;
  }

  /** True time since the beginning; a host's clock may run faster or slower. */
  public long nowNanos() {
    return nowNanos;
  }

  /** Does the task after so long. */
  public void after(long delayNanos, Runnable task) {
    events.add(new Event(nowNanos + Math.max(0, delayNanos), made++, task));
  }

  /** What must hold after every event; throws an AssertionError when it does not. */
  public void check(Runnable check) {
    checks.add(check);
  }

  /**
   * Something is wrong: the run ends after this event. To be used where a throwable would be
   * swallowed, as in what depends on a future.
   */
  public void violated(String what) {
    trace("VIOLATION " + what);
    if (violation == null) {
      violation = new AssertionError(what);
    }
  }

  /** A duration between the bounds, evenly. */
  public long between(long fromNanos, long toNanos) {
    return fromNanos + (long) (random.nextDouble() * (toNanos - fromNanos));
  }

  public boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** Remembers a line of what happens; the last ones are shown when something is wrong. */
  public void trace(String line) {
    if (trace.size() == traceLines) {
      trace.removeFirst();
    }
    trace.addLast(nowNanos / 1_000 + " us  " + line);
  }

  /** Remembers many more lines, and the details. */
  public void traceAll() {
    traceLines = Integer.MAX_VALUE;
  }

  /** As {@link #trace}, of what happens so often that it is remembered only on demand. */
  public void detail(Supplier<String> line) {
    if (traceLines > TRACE_LINES) {
      trace(line.get());
    }
  }

  /** Lets time pass. */
  public void run(long nanos) {
    long end = nowNanos + nanos;
    try {
      while (!events.isEmpty() && events.peek().atNanos <= end) {
        Event next = events.remove();
        nowNanos = next.atNanos;
        next.task.run();
        for (Runnable check : checks) {
          check.run();
        }
        if (violation != null) {
          throw violation;
        }
      }
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(
          "seed " + seed + ": " + e.getMessage() + "\n" + String.join("\n", trace), e);
    }
    nowNanos = end;
  }
}
