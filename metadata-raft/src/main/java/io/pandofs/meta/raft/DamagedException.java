package io.pandofs.meta.raft;

import java.io.IOException;

/**
 * What this node has on its disk is not what it acknowledged, or that cannot be proven. Under its
 * present id it must not vote again (PROTOCOL rule 19); it may join as a new node. The message is
 * one line for a person.
 */
public final class DamagedException extends IOException {
  public DamagedException(String message) {
    super(message);
  }

  public DamagedException(String message, Throwable cause) {
    super(message, cause);
  }
}
