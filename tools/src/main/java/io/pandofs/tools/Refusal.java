package io.pandofs.tools;

/**
 * Something that a person asked for and that cannot be done. The message is one sentence that says
 * what is the matter and what to do next; it is printed without a stack trace.
 */
public final class Refusal extends Exception {
  private final boolean usage;

  public Refusal(String message) {
    super(message);
    this.usage = false;
  }

  private Refusal(String message, boolean usage) {
    super(message);
    this.usage = usage;
  }

  /** What was said on the command line makes no sense, however the cluster is. */
  public static Refusal ofUsage(String message) {
    return new Refusal(message, true);
  }

  /** Whether the command line has to be another one. */
  public boolean isUsage() {
    return usage;
  }

  /** The cause goes to the log, not to the person. */
  public Refusal(String message, Throwable cause) {
    super(message, cause);
    this.usage = false;
  }
}
