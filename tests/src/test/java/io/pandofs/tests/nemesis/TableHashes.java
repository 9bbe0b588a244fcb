package io.pandofs.tests.nemesis;

import java.util.List;

/**
 * The hashes of all nodes' tables.
 *
 * @param index the log index as of which they are
 * @param hashes one a node, in order
 */
public record TableHashes(long index, List<String> hashes) {
  public TableHashes {
    hashes = List.copyOf(hashes);
  }

  /** What is wrong: nothing, if every node has told a hash and all are alike. */
  public String difference() {
    boolean alike = hashes.stream().distinct().count() == 1 && !hashes.contains("");
    return alike ? "" : "the tables differ at index " + index + ": " + hashes;
  }
}
