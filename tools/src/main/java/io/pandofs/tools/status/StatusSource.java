package io.pandofs.tools.status;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the status endpoint can tell and do; the node answers. Thread-safe. */
public interface StatusSource {
  /** The status document; quick, never waits for another node. */
  Map<String, @Nullable Object> status();

  /** Whether the node serves what it was configured to serve. */
  boolean healthy();

  /**
   * Puts a request to hash the tables into the log.
   *
   * @return the log index as of which every node hashes
   * @throws Exception when no leader takes it in time
   */
  long requestHash() throws Exception;

  /** The hash of this node's tables as of an index; empty if it is not known within the time. */
  Optional<String> hashAt(long index, Duration patience) throws InterruptedException;

  /** Unmounts, so that everything written is on the cluster while its nodes still run. */
  void drain();
}
