package io.pandofs.mount.fuse;

import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * The machine's clock, whose {@link #nanoTime} counts the time in which the machine is suspended:
 * CLOCK_BOOTTIME of clock_gettime(2). Java's own stands still then, and a lease that is counted by
 * it would go on where it was. Thread-safe.
 */
public final class BootClock implements Clock {
  /** {@code <linux/time.h>}. */
  private static final int CLOCK_BOOTTIME = 7;

  private static final int TIMESPEC_BYTES = 2 * Long.BYTES;
  private static final long SECOND_NANOS = 1_000_000_000;
  private static final LibC LIBC = LibC.load();
  private static final ThreadLocal<Pointer> TIMESPEC =
      ThreadLocal.withInitial(
          () -> Memory.allocateDirect(Runtime.getSystemRuntime(), TIMESPEC_BYTES));

  private final SystemClock system = new SystemClock();

  @Override
  public Timestamp now() {
    return system.now();
  }

  @Override
  public long nanoTime() {
    Pointer time = TIMESPEC.get();
    if (LIBC.clock_gettime(CLOCK_BOOTTIME, time) != 0) {
      throw new IllegalStateException("this kernel has no CLOCK_BOOTTIME");
    }
    return time.getLong(0) * SECOND_NANOS + time.getLong(Long.BYTES);
  }
}
