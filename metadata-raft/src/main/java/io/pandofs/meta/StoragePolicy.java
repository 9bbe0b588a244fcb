package io.pandofs.meta;

import io.pandofs.common.Compression;

/**
 * How the volume's blocks are kept, on all nodes alike; a part of the placement map.
 *
 * @param copies how many nodes hold a block when there are nodes enough; 1 to {@link #COPIES_MAX}
 * @param writeQuorum how many of them a write waits for
 * @param compression of what is written from now on; older blocks follow as they are rewritten
 */
public record StoragePolicy(int copies, WriteQuorum writeQuorum, Compression compression) {

  public static final int COPIES_MAX = 7;

  /** Of a new volume. */
  public static final StoragePolicy DEFAULT =
      new StoragePolicy(3, WriteQuorum.MAJORITY, Compression.NONE);

  /** How many copies must be stable before a write counts. */
  public enum WriteQuorum {
    /** More than half of the group's replicas. */
    MAJORITY(0),
    /** Every replica of the group: no write while one of them is away. */
    ALL(1);

    private final int code;

    WriteQuorum(int code) {
      this.code = code;
    }

    /** What stands for it in tables. */
    public int code() {
      return code;
    }

    /**
     * What a code stands for.
     *
     * @throws IllegalArgumentException for nothing
     */
    public static WriteQuorum ofCode(int code) {
      for (WriteQuorum each : values()) {
        if (each.code == code) {
          return each;
        }
      }
      throw new IllegalArgumentException("no write quorum has the code " + code);
    }
  }

  public StoragePolicy {
    if (copies < 1 || copies > COPIES_MAX) {
      throw new IllegalArgumentException("copies are 1 to " + COPIES_MAX + ", not " + copies);
    }
  }

  /** How many stable copies a write to a group of so many replicas waits for. */
  public int quorumOf(int replicas) {
    return writeQuorum == WriteQuorum.ALL ? Math.max(1, replicas) : replicas / 2 + 1;
  }
}
