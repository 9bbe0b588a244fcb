package io.pandofs.block.net;

/** How a peer answers a put. */
public enum PutOutcome {
  /** The block is on the peer's stable storage. */
  STORED,
  /** The peer has applied the end of the writer's session: the put will never be of use. */
  SESSION_OVER,
  /** The peer knows a newer placement map, by which it is no replica. */
  STALE_PLACEMENT,
  /** The peer's disks are full; it takes blocks again when there is space. */
  FULL
}
