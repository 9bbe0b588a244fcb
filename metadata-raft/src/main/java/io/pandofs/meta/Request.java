package io.pandofs.meta;

import io.pandofs.common.Timestamp;

/**
 * An operation with all that the engine may not ask for: who and when.
 *
 * @param time the mount's clock when the call came in; an automatic mtime or ctime never goes below
 *     the inode's present one all the same
 * @param standing to what the session answers ahead of the log
 */
public record Request(Operation operation, Caller caller, Timestamp time, Standing standing) {
  /** Of a session that answers nothing ahead. */
  public Request(Operation operation, Caller caller, Timestamp time) {
    this(operation, caller, time, Standing.ALONE);
  }

  /** The same that stands otherwise. */
  public Request with(Standing other) {
    return new Request(operation, caller, time, other);
  }
}
