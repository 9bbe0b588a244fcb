package io.pandofs.tools.status;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the status endpoint tells; the node answers. Thread-safe; asking changes nothing. */
public interface StatusSource {
  /** The status document; quick, never waits for another node. */
  Map<String, @Nullable Object> status();

  /** Whether the node serves what it was configured to serve. */
  boolean healthy();
}
