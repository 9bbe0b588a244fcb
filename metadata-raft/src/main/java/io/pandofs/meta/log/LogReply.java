package io.pandofs.meta.log;

import io.pandofs.meta.Reply;
import java.util.List;

/**
 * What applying an entry answers.
 *
 * @param replies of a batch, one an operation; empty when the status is not OK
 * @param number see the entry's kind; 0 where it says nothing
 */
public record LogReply(Status status, List<Reply> replies, long number) {
  public static final LogReply OK = new LogReply(Status.OK, List.of(), 0);

  public LogReply {
    replies = List.copyOf(replies);
  }

  public static LogReply number(long number) {
    return new LogReply(Status.OK, List.of(), number);
  }

  public static LogReply refused(Status status) {
    return new LogReply(status, List.of(), 0);
  }

  /** Whether an entry took effect, now or when it was first applied. */
  public enum Status {
    OK,
    /** The session is unknown or expired: its mount must register anew. */
    FENCED,
    /** As FENCED, for the first time: the log answers otherwise than was answered ahead of it. */
    DIVERGED,
    /** A sequence number was left out. */
    GAP,
    /** The result was acknowledged and forgotten. */
    FORGOTTEN,
    /** The entry makes no sense against the tables (an unknown node, a second Format). */
    REFUSED
  }
}
