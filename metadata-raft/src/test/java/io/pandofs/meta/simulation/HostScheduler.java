package io.pandofs.meta.simulation;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Delayed;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A host's threads, which take turns as chance has it: each task starts a little later. */
public final class HostScheduler extends AbstractExecutorService
    implements ScheduledExecutorService {
  private static final long SWITCH_NANOS_MAX = 100_000;

  private final Host host;

  public HostScheduler(Host host) {
    this.host = host;
  }

  @Override
  public void execute(Runnable task) {
    host.after(host.world().between(0, SWITCH_NANOS_MAX), task);
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
    return schedule(Executors.callable(task), delay, unit);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
    Task<V> one = new Task<>(task);
    host.after(unit.toNanos(delay) + host.world().between(0, SWITCH_NANOS_MAX), one::run);
    return one;
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable task, long initial, long period, TimeUnit unit) {
    return scheduleWithFixedDelay(task, initial, period, unit);
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable task, long initial, long delay, TimeUnit unit) {
    Task<Object> all = new Task<>(() -> "");
    again(all, task, unit.toNanos(initial), unit.toNanos(delay));
    return all;
  }

  private void again(Task<Object> all, Runnable task, long wait, long delay) {
    host.after(
        wait,
        () -> {
          if (!all.isCancelled()) {
            task.run();
            again(all, task, delay, delay);
          }
        });
  }

  @Override
  public void shutdown() {}

  @Override
  public List<Runnable> shutdownNow() {
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return true;
  }

  private static final class Task<V> implements ScheduledFuture<V> {
    private final Callable<V> task;
    private final CompletableFuture<V> result = new CompletableFuture<>();

    Task(Callable<V> task) {
      this.task = task;
    }

    void run() {
      if (result.isDone()) {
        return;
      }
      try {
        result.complete(task.call());
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        result.completeExceptionally(e);
      }
    }

    @Override
    public long getDelay(TimeUnit unit) {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public int compareTo(Delayed other) {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public boolean cancel(boolean mayInterrupt) {
      return result.cancel(false);
    }

    @Override
    public boolean isCancelled() {
      return result.isCancelled();
    }

    @Override
    public boolean isDone() {
      return result.isDone();
    }

    @Override
    public V get() throws InterruptedException, ExecutionException {
      return result.get();
    }

    @Override
    public V get(long timeout, TimeUnit unit)
        throws InterruptedException, ExecutionException, TimeoutException {
      return result.get(timeout, unit);
    }
  }
}
