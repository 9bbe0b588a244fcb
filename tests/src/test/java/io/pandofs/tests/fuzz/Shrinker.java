package io.pandofs.tests.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Delta debugging: leaves out ever smaller parts of a failing list as long as what remains still
 * fails, then makes its numbers small. Bounded by the operations run, since each costs a call on a
 * real filesystem.
 */
final class Shrinker {
  private final Function<List<String>, Optional<Difference>> run;
  private long operationsLeft;
  private List<String> best;
  private Difference difference;

  private Shrinker(
      Function<List<String>, Optional<Difference>> run,
      long operationsMax,
      List<String> failing,
      Difference difference) {
    this.run = run;
    this.operationsLeft = operationsMax;
    this.best = failing;
    this.difference = difference;
  }

  record Shrunk(List<String> operations, Difference difference) {}

  static Shrunk shrink(
      Function<List<String>, Optional<Difference>> run,
      long operationsMax,
      List<String> failing,
      Difference difference) {
    Shrinker shrinker = new Shrinker(run, operationsMax, failing, difference);
    shrinker.leaveOut();
    shrinker.makeSmall();
    return new Shrunk(shrinker.best, shrinker.difference);
  }

  private void leaveOut() {
    for (int chunk = Math.max(1, best.size() / 2); chunk >= 1; chunk /= 2) {
      boolean again = true;
      while (again) {
        again = leaveOutChunks(chunk) && chunk == 1;
      }
    }
  }

  /** From the end, since what failed is at the end and the beginning often matters least. */
  private boolean leaveOutChunks(int chunk) {
    boolean any = false;
    for (int from = best.size() - chunk; from > -chunk && operationsLeft > 0; from -= chunk) {
      int low = Math.max(0, from);
      int high = Math.min(best.size(), from + chunk);
      if (low < high && high - low < best.size()) {
        List<String> candidate = new ArrayList<>(best.subList(0, low));
        candidate.addAll(best.subList(high, best.size()));
        any |= fails(candidate);
      }
    }
    return any;
  }

  private void makeSmall() {
    for (int i = 0; i < best.size(); i++) {
      Call call = Call.parse(best.get(i));
      if (call.mount() > 1 && replace(i, call.line())) {
        call = new Call(1, call.line());
      }
      if (i < best.size() && call.line().startsWith("@")) {
        replace(
            i, new Call(call.mount(), call.line().substring(call.line().indexOf(' ') + 1)).text());
      }
      String[] words = i < best.size() ? best.get(i).split(" ", -1) : new String[0];
      for (int w = 1; w < words.length && i < best.size(); w++) {
        if (words[w].matches("[1-9]\\d+")) {
          makeSmall(i, w, Long.parseLong(words[w]));
        }
      }
    }
  }

  private void makeSmall(int line, int word, long value) {
    for (long smaller : new long[] {0, 1, 10, 4096, value / 4096 * 4096}) {
      if (smaller < value && line < best.size()) {
        String[] words = best.get(line).split(" ", -1);
        words[word] = Long.toString(smaller);
        if (replace(line, String.join(" ", words))) {
          return;
        }
      }
    }
  }

  private boolean replace(int line, String text) {
    List<String> candidate = new ArrayList<>(best);
    candidate.set(line, text);
    return fails(candidate);
  }

  private boolean fails(List<String> candidate) {
    if (operationsLeft <= 0) {
      return false;
    }
    operationsLeft -= candidate.size();
    Optional<Difference> found = run.apply(candidate);
    found.ifPresent(
        d -> {
          best = List.copyOf(candidate.subList(0, Math.min(candidate.size(), d.index() + 1)));
          difference = d;
        });
    return found.isPresent();
  }
}
