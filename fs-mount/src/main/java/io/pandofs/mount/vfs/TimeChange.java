package io.pandofs.mount.vfs;

import io.pandofs.common.Timestamp;

/** What utimensat(2) asks of one of the two times; a time that it omits is null. */
public sealed interface TimeChange {

  /** UTIME_NOW: the mount's clock as the call comes in. */
  record Now() implements TimeChange {}

  /** A given time. */
  record At(Timestamp time) implements TimeChange {}
}
