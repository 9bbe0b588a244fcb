package io.pandofs.tools.node;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.pandofs.common.config.Budgets;
import io.pandofs.tools.Refusal;
import java.lang.management.ManagementFactory;

/** What this process may use of memory outside of its heap, which the launcher sets. */
final class DirectMemory {
  private static final String OPTION = "MaxDirectMemorySize";
  private static final long MIB = 1L << 20;

  private DirectMemory() {}

  /**
   * Without this, budgets over the limit would end in writes and reads that fail for want of
   * memory.
   *
   * @throws Refusal the budgets together may need more than there is
   */
  static void requireRoomFor(Budgets budgets) throws Refusal {
    requireRoomFor(budgets, limitBytes());
  }

  static void requireRoomFor(Budgets budgets, long limitBytes) throws Refusal {
    long needed = budgets.directBytes();
    if (needed > limitBytes) {
      throw new Refusal(
          "the budgets of write_buffer, block_puts and read_cache need "
              + mib(needed)
              + " of direct memory and the process has "
              + limitBytes / MIB
              + "m: lower them, or start it with PANDO_JAVA_OPTIONS=-XX:MaxDirectMemorySize="
              + mib(needed));
    }
  }

  private static String mib(long bytes) {
    return (bytes + MIB - 1) / MIB + "m";
  }

  /** What the JVM gives out at most. */
  static long limitBytes() {
    HotSpotDiagnosticMXBean jvm =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    long set = Long.parseLong(jvm.getVMOption(OPTION).getValue());
    // 0: the JVM was not told, and takes as much as for the heap.
    return set > 0 ? set : Runtime.getRuntime().maxMemory();
  }
}
