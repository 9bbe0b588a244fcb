package io.pandofs.tools.node;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What this process uses of the machine's memory. */
final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String ANONYMOUS = "RssAnon:";
  private static final int KIB = 1024;

  private ProcessMemory() {}

  /**
   * @param networkBytes direct memory that the JVM does not count
   */
  static Map<String, @Nullable Object> read(long networkBytes) {
    Runtime runtime = Runtime.getRuntime();
    long direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    Map<String, @Nullable Object> memory = new LinkedHashMap<>();
    memory.put("anonymous_bytes", anonymousBytes());
    memory.put("heap_bytes", runtime.totalMemory() - runtime.freeMemory());
    memory.put("direct_bytes", direct);
    memory.put("network_bytes", networkBytes);
    return memory;
  }

  /** RssAnon of proc(5); 0 where it cannot be read. */
  private static long anonymousBytes() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(ANONYMOUS)) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * KIB;
        }
      }
    } catch (IOException e) {
      return 0;
    }
    return 0;
  }
}
