package io.pandofs.tools;

/**
 * Something that a person asked for and that cannot be done. The message is one sentence that says
 * what is the matter and what to do next; it is printed without a stack trace.
 */
public final class Refusal extends Exception {
  public Refusal(String message) {
    super(message);
  }

  /** The cause goes to the log, not to the person. */
  public Refusal(String message, Throwable cause) {
    super(message, cause);
  }
}
