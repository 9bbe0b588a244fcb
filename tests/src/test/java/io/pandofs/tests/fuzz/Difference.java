package io.pandofs.tests.fuzz;

import io.pandofs.tests.agent.Answer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Two answers to one operation that should have been the same. {@code index} counts the list's
 * operations from 0.
 */
public record Difference(int index, String operation, Answer expected, Answer got) {
  @Override
  public String toString() {
    return "operation "
        + index
        + ": "
        + operation
        + "\n  expected "
        + brief(expected, got)
        + "\n  got      "
        + brief(got, expected);
  }

  /** Of long answers (trees, listings) only the words that the other does not have. */
  private static String brief(Answer answer, Answer other) {
    if (answer.text().length() < 200) {
      return answer.text();
    }
    Set<String> words = new LinkedHashSet<>(List.of(answer.text().split(" ", -1)));
    List.of(other.text().split(" ", -1)).forEach(words::remove);
    List<String> shown = new ArrayList<>(words).subList(0, Math.min(12, words.size()));
    return "… "
        + String.join(" ", shown)
        + (words.size() > shown.size() ? " … and " + (words.size() - shown.size()) + " more" : "");
  }
}
