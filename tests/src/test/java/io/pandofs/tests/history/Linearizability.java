package io.pandofs.tests.history;

import io.pandofs.tests.history.Judgement.Verdict;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether there is an order of the operations of one key that keeps the order of those that did not
 * overlap and gives every answer that was given. Wing and Gong's search ("Testing and verifying
 * concurrent objects", 1993) with Lowe's memory of the configurations that were met before: the set
 * of operations placed so far and the state they led to.
 *
 * <p>An operation of unknown outcome may be placed anywhere after its begin, or left out. Two that
 * touch in one nanosecond count as concurrent. Used once.
 *
 * @param <S> the model's state
 */
public final class Linearizability<S> {
  /** Enough for any history of a few hundred operations that was made by a few clients. */
  public static final long STEPS = 5_000_000;

  private static final int SHOWN_BEFORE = 12;

  private final Model<S> model;
  private final List<Operation> operations;
  private final long budget;
  private final Event head = new Event(-1, false);
  private final BitSet placed = new BitSet();
  private final Set<Configuration<S>> met = new HashSet<>();
  private final Deque<Choice<S>> choices = new ArrayDeque<>();
  private int open;
  private long steps;
  private List<Operation> longest = List.of();
  private Operation stuckAt;
  private S stuckState;

  /** The begin or the end of an operation, in a list from which placed operations are taken out. */
  private static final class Event {
    final int operation;
    final boolean isEnd;
    Event previous = this;
    Event next;
    Event end;

    Event(int operation, boolean isEnd) {
      this.operation = operation;
      this.isEnd = isEnd;
    }

    void takeOut() {
      previous.next = next;
      if (next != null) {
        next.previous = previous;
      }
    }

    void putBack() {
      previous.next = this;
      if (next != null) {
        next.previous = this;
      }
    }
  }

  private record Configuration<S>(BitSet placed, S state) {}

  /** One operation placed, and the states that it could have led to instead. */
  private record Choice<S>(Event event, S before, List<S> after, int taken) {}

  private Linearizability(Model<S> model, List<Operation> operations, long budget) {
    this.model = model;
    this.operations = operations;
    this.budget = budget;
    link();
  }

  /** Judges the operations of one key, in any order, within {@link #STEPS}. */
  public static <S> Judgement check(Model<S> model, List<Operation> operations) {
    return check(model, operations, STEPS);
  }

  static <S> Judgement check(Model<S> model, List<Operation> operations, long budget) {
    return new Linearizability<>(model, List.copyOf(operations), budget).search();
  }

  private void link() {
    List<Event> events = new ArrayList<>();
    for (int i = 0; i < operations.size(); i++) {
      Event begin = new Event(i, false);
      events.add(begin);
      if (operations.get(i).known()) {
        begin.end = new Event(i, true);
        events.add(begin.end);
        open++;
      }
    }
    events.sort(Comparator.<Event>comparingLong(this::time).thenComparing(event -> event.isEnd));
    Event last = head;
    for (Event event : events) {
      last.next = event;
      event.previous = last;
      last = event;
    }
  }

  private long time(Event event) {
    Operation operation = operations.get(event.operation);
    return event.isEnd ? operation.end() : operation.begin();
  }

  private Judgement search() {
    S state = model.initial();
    Event cursor = head.next;
    while (open > 0) {
      if (steps > budget) {
        return new Judgement(Verdict.UNDECIDED, "", steps);
      }
      if (cursor != null && !cursor.isEnd) {
        S after = place(cursor, state, model.step(state, operations.get(cursor.operation)), 0);
        if (after == null) {
          cursor = cursor.next;
        } else {
          state = after;
          cursor = head.next;
        }
        continue;
      }
      remember(cursor, state);
      Choice<S> undone = choices.poll();
      if (undone == null) {
        return new Judgement(Verdict.CONVICTED, explain(), steps);
      }
      undo(undone.event());
      S other = place(undone.event(), undone.before(), undone.after(), undone.taken() + 1);
      state = other == null ? undone.before() : other;
      cursor = other == null ? undone.event().next : head.next;
    }
    return new Judgement(Verdict.LINEARIZABLE, "", steps);
  }

  /** Places an operation with the first of its states that leads somewhere new; null if none. */
  private S place(Event event, S before, List<S> after, int from) {
    steps++;
    placed.set(event.operation);
    for (int i = from; i < after.size(); i++) {
      if (met.add(new Configuration<>((BitSet) placed.clone(), after.get(i)))) {
        choices.push(new Choice<>(event, before, after, i));
        event.takeOut();
        if (event.end != null) {
          event.end.takeOut();
          open--;
        }
        return after.get(i);
      }
    }
    placed.clear(event.operation);
    return null;
  }

  private void undo(Event event) {
    placed.clear(event.operation);
    if (event.end != null) {
      event.end.putBack();
      open++;
    }
    event.putBack();
  }

  /** Keeps the furthest that the search came, for the explanation. */
  private void remember(Event cursor, S state) {
    if (cursor != null && (stuckAt == null || choices.size() > longest.size())) {
      List<Operation> order = new ArrayList<>();
      choices
          .descendingIterator()
          .forEachRemaining(c -> order.add(operations.get(c.event().operation)));
      longest = order;
      stuckAt = operations.get(cursor.operation);
      stuckState = state;
    }
  }

  private String explain() {
    long zero = operations.stream().mapToLong(Operation::begin).min().orElse(0);
    StringBuilder text = new StringBuilder();
    text.append(
        "at most %d of %d operations fit into one order; this one does not:%n  %s%n"
            .formatted(longest.size(), operations.size(), stuckAt.toText(zero)));
    text.append("state before it: ").append(stuckState).append("\nthe order so far ends:\n");
    int from = Math.max(0, longest.size() - SHOWN_BEFORE);
    for (Operation operation : longest.subList(from, longest.size())) {
      text.append("  ").append(operation.toText(zero)).append('\n');
    }
    text.append("not placed, and begun before its end:\n");
    Set<Operation> done = new HashSet<>(longest);
    operations.stream()
        .filter(o -> !done.contains(o) && o.begin() <= stuckAt.end())
        .sorted(Comparator.comparingLong(Operation::begin))
        .forEach(o -> text.append("  ").append(o.toText(zero)).append('\n'));
    return text.toString();
  }
}
