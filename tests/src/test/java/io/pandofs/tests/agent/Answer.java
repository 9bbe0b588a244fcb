package io.pandofs.tests.agent;

/**
 * What a system call answered: {@code OK key=value…}, the name of an errno, {@code SKIPPED}, or a
 * fault of the agent. The words are described at the head of {@code agent.py}.
 */
public record Answer(String text) {
  static final Answer STUCK = new Answer("STUCK");

  public boolean ok() {
    return text.equals("OK") || text.startsWith("OK ");
  }

  /** Whether the agent had to be killed because a call did not come back. */
  public boolean stuck() {
    return text.startsWith("STUCK");
  }

  /**
   * Whether there is nobody left to ask: the call did not come back, or the mount's daemon is dead.
   */
  public boolean gone() {
    return stuck() || text.equals("ENOTCONN") || text.equals("ECONNABORTED");
  }

  /** Whether the line itself was wrong: a fault of the test, never of the filesystem. */
  public boolean fault() {
    return text.startsWith("AGENT-FAULT");
  }

  /** The value of {@code key}, or the empty string. */
  public String field(String key) {
    for (String word : text.split(" ", -1)) {
      if (word.startsWith(key + "=")) {
        return word.substring(key.length() + 1);
      }
    }
    return "";
  }

  @Override
  public String toString() {
    return text.length() <= 400
        ? text
        : text.substring(0, 400) + "… (" + text.length() + " characters)";
  }
}
