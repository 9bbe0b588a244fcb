package io.pandofs.tests.history;

/**
 * What a checker found out about one key.
 *
 * @param detail for people: which operation fits nowhere, and what surrounds it; empty unless
 *     convicted
 * @param steps operations tried
 */
public record Judgement(Verdict verdict, String detail, long steps) {
  /** The possible ends. */
  public enum Verdict {
    LINEARIZABLE,
    CONVICTED,
    /** The budget of steps was used up. */
    UNDECIDED
  }
}
