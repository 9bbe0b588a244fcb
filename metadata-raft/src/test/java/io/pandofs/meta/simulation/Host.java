package io.pandofs.meta.simulation;

import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import java.util.ArrayList;
import java.util.List;

/**
 * A machine with one process. It may die and start again (what it had in memory, its waiting tasks
 * included, is gone), stand still (its tasks wait; its clock goes on), and its clock may run a
 * little faster or slower than true time.
 */
public final class Host {
  private static final long WALL_START_SECONDS = 1_800_000_000L;

  private final World world;
  private final int number;
  private final double clockRate;
  private final long clockOrigin;
  private int life;
  private boolean alive;
  private boolean paused;
  private final List<Runnable> waiting = new ArrayList<>();

  /**
   * @param clockRate how many of its own seconds go into a true one
   */
  public Host(World world, int number, double clockRate) {
    this.world = world;
    this.number = number;
    this.clockRate = clockRate;
    this.clockOrigin = world.between(0, 1_000_000_000_000L);
  }

  public int number() {
    return number;
  }

  public World world() {
    return world;
  }

  public boolean isAlive() {
    return alive;
  }

  public boolean isPaused() {
    return paused;
  }

  /** The host's own clocks. */
  public Clock clock() {
    return new Clock() {
      @Override
      public Timestamp now() {
        long nanos = world.nowNanos();
        return new Timestamp(
            WALL_START_SECONDS + nanos / 1_000_000_000L, (int) (nanos % 1_000_000_000L));
      }

      @Override
      public long nanoTime() {
        return clockOrigin + (long) (world.nowNanos() * clockRate);
      }
    };
  }

  /** Begins a new life. */
  public void start() {
    life++;
    alive = true;
    paused = false;
    waiting.clear();
  }

  /** kill -9, or a power cut. */
  public void kill() {
    life++;
    alive = false;
    paused = false;
    waiting.clear();
  }

  /** SIGSTOP. */
  public void pause() {
    paused = alive;
  }

  /** SIGCONT: everything that came meanwhile happens now, in order. */
  public void resume() {
    paused = false;
    List<Runnable> now = List.copyOf(waiting);
    waiting.clear();
    now.forEach(task -> after(0, task));
  }

  /** Does the task after so long by the host's own clock, if it lives on that long. */
  public void after(long delayNanos, Runnable task) {
    int mine = life;
    // Never early by its own clock: what looks at the clock then would wait for nothing, for ever.
    world.after((long) Math.ceil(delayNanos / clockRate) + 1, () -> run(mine, task));
  }

  /** The task, for as long as this life lasts; to be done now. */
  public Runnable inThisLife(Runnable task) {
    int mine = life;
    return () -> run(mine, task);
  }

  private void run(int born, Runnable task) {
    if (!alive || born != life) {
      return;
    }
    if (paused) {
      waiting.add(() -> run(born, task));
    } else {
      task.run();
    }
  }

  @Override
  public String toString() {
    return "h" + number;
  }
}
