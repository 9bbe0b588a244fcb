package io.pandofs.meta.simulation;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Messages between hosts: late, lost, doubled, overtaking each other; links may be cut one way or
 * both.
 */
public final class Network {
  private static final long QUICK_NANOS_MAX = 1_500_000;
  private static final long SLOW_NANOS_MAX = 60_000_000;
  private static final long CALL_NANOS_MAX = 1_000_000_000;

  private final World world;
  private final Set<Link> cut = new HashSet<>();
  private final Deque<Call> calls = new ArrayDeque<>();
  private boolean waiting;
  private double loss;
  private double slow;
  private double alwaysSlow;

  public Network(World world) {
    this.world = world;
  }

  /** A call that may be unanswered yet. */
  private record Call(long untilNanos, CompletableFuture<?> answer, Runnable giveUp) {}

  private record Link(int from, int to) {}

  /**
   * Makes the network worse, until {@link #calm}.
   *
   * @param loss how many of all messages get lost
   * @param slow how many take much longer than the others
   */
  public void trouble(double loss, double slow) {
    this.loss = loss;
    this.slow = slow;
  }

  /**
   * Sets what calm is.
   *
   * @param share how many messages take much longer than the others even in calm times
   */
  public void alwaysSlow(double share) {
    alwaysSlow = share;
    calm();
  }

  /** Ends what {@link #trouble} began. */
  public void calm() {
    trouble(0, alwaysSlow);
  }

  /** Nothing passes in this direction from now on. */
  public void cut(Host from, Host to) {
    cut.add(new Link(from.number(), to.number()));
  }

  public void heal() {
    cut.clear();
  }

  public boolean isCut(Host from, Host to) {
    return cut.contains(new Link(from.number(), to.number()));
  }

  /** Sends a message: it is received by who lives at {@code to} when it arrives, if anybody. */
  public void send(Host from, Host to, Runnable receive) {
    if (from == to) {
      to.after(world.between(0, QUICK_NANOS_MAX / 30), receive);
      return;
    }
    int copies = world.chance(loss) ? 0 : world.chance(loss / 4) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      long delay = world.between(QUICK_NANOS_MAX / 20, QUICK_NANOS_MAX);
      if (world.chance(slow)) {
        delay += world.between(0, SLOW_NANOS_MAX);
      }
      world.after(delay, () -> arrive(from, to, receive));
    }
  }

  private void arrive(Host from, Host to, Runnable receive) {
    if (!isCut(from, to)) {
      to.after(0, receive);
    }
  }

  /**
   * A call and its answer. Fails with an IOException when there is none in time; it may have been
   * done all the same. The future completes on the caller.
   */
  public <T> CompletableFuture<T> call(
      Host from, Host to, Supplier<CompletableFuture<T>> serve, String what) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    send(
        from,
        to,
        () ->
            serve
                .get()
                .whenComplete(
                    (value, failure) ->
                        send(
                            to,
                            from,
                            () -> {
                              if (failure == null) {
                                answer.complete(value);
                              } else {
                                answer.completeExceptionally(failure);
                              }
                            })));
    Runnable giveUp =
        from.inThisLife(() -> answer.completeExceptionally(new IOException(what + ": no answer")));
    calls.add(new Call(world.nowNanos() + CALL_NANOS_MAX, answer, giveUp));
    awaitAnswers();
    return answer;
  }

  /** All wait equally long, and most are answered: one event at a time is enough. */
  private void awaitAnswers() {
    while (!calls.isEmpty() && calls.peek().answer.isDone()) {
      calls.remove();
    }
    Call oldest = calls.peek();
    if (oldest != null && !waiting) {
      waiting = true;
      world.after(oldest.untilNanos - world.nowNanos(), this::timePassed);
    }
  }

  private void timePassed() {
    waiting = false;
    while (!calls.isEmpty() && calls.peek().untilNanos <= world.nowNanos()) {
      Call late = calls.remove();
      if (!late.answer.isDone()) {
        late.giveUp.run();
      }
    }
    awaitAnswers();
  }
}
