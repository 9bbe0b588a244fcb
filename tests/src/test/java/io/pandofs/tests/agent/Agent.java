package io.pandofs.tests.agent;

/**
 * Someone who makes one system call after the other and tells what each answered. Used by one
 * thread.
 */
public interface Agent extends AutoCloseable {
  /**
   * Makes the call of {@code line} (the language of {@code agent.py}); never null, and never waits
   * for ever.
   */
  Answer ask(String line);

  @Override
  void close();
}
