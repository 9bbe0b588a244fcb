package io.pandofs.tests.history;

import java.util.Set;

/**
 * One operation as its client saw it.
 *
 * @param client who did it; a client does one at a time
 * @param node the node whose mount was used, from 1
 * @param begin nanoseconds of CLOCK_MONOTONIC before the first system call
 * @param end after the last one; {@link #NEVER} when the outcome is not known: it may take effect
 *     at any time after {@code begin}, or never
 * @param answer {@code OK}, the name of an errno, or {@link #UNKNOWN}
 * @param value what a look saw; of a failed operation its errno
 */
public record Operation(
    String client,
    int node,
    long begin,
    long end,
    String verb,
    String key,
    String argument,
    String answer,
    String value) {
  public static final long NEVER = Long.MAX_VALUE;
  public static final String OK = "OK";
  public static final String UNKNOWN = "?";
  private static final Set<String> LOOKS = Set.of("read", "seen", "holder", "look", "list");

  public boolean known() {
    return end != NEVER;
  }

  public boolean ok() {
    return answer.equals(OK);
  }

  /** Whether it changes nothing. */
  public boolean looks() {
    return LOOKS.contains(verb);
  }

  /** The same for another key, as another look at a part of what was seen. */
  Operation part(String partVerb, String partKey, String partArgument, String partValue) {
    return new Operation(
        client, node, begin, end, partVerb, partKey, partArgument, answer, partValue);
  }

  /** One line, times in milliseconds from {@code zero}. */
  public String toText(long zero) {
    String until = known() ? millis(end - zero) : "?";
    String shown = value.length() <= 300 ? value : value.substring(0, 300) + "…";
    return "[%s, %s] client %s on n%d: %s %s %s -> %s %s"
        .formatted(millis(begin - zero), until, client, node, verb, key, argument, answer, shown);
  }

  private static String millis(long nanos) {
    return "%.3f".formatted(nanos / 1e6);
  }
}
