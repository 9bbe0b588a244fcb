package io.pandofs.mount.vfs;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.config.MountFlags.AccessTime;
import io.pandofs.meta.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random operations on one file against a plain array. A failure prints its seed and the shortest
 * list of operations that still fails.
 */
class FileDataModelTest {

  private static final int SIZE_MAX = 12 << 20;
  private static final int STEPS = 120;

  private enum Kind {
    WRITE,
    APPEND,
    TRUNCATE,
    PUNCH,
    ZERO,
    ALLOCATE,
    READ,
    FSYNC,
    REOPEN,
    COMPARE_ELSEWHERE,
    SMALL_DATA_ELSEWHERE,
    MOVE_SMALL_DATA
  }

  private record Step(Kind kind, int at, int length, byte fill) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theFileIsTheArray(long seed) {
    List<Step> steps = generate(new Random(seed), STEPS);
    String failure = run(steps);
    if (failure != null) {
      List<Step> shortest = shrink(steps);
      throw new AssertionError(
          "seed " + seed + ": " + run(shortest) + "\n" + String.join("\n", text(shortest)));
    }
  }

  @Test
  void anotherSeedEachDay() {
    long seed = new io.pandofs.common.time.SystemClock().now().seconds() / 86_400;
    theFileIsTheArray(seed);
  }

  private static List<String> text(List<Step> steps) {
    return steps.stream().map(Step::toString).toList();
  }

  private static List<Step> generate(Random random, int count) {
    Kind[] kinds = Kind.values();
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Kind kind = random.nextInt(3) == 0 ? Kind.WRITE : kinds[random.nextInt(kinds.length)];
      int at = random.nextInt(3) == 0 ? random.nextInt(20_000) : random.nextInt(SIZE_MAX);
      int length = 1 + random.nextInt(random.nextInt(4) == 0 ? 5 << 20 : 9000);
      length = Math.max(1, Math.min(length, SIZE_MAX - at));
      steps.add(new Step(kind, at, length, (byte) (1 + random.nextInt(127))));
    }
    return steps;
  }

  private static List<Step> shrink(List<Step> failing) {
    List<Step> steps = failing;
    for (int chunk = steps.size() / 2; chunk >= 1; chunk /= 2) {
      for (int from = 0; from + chunk <= steps.size(); ) {
        List<Step> without = new ArrayList<>(steps.subList(0, from));
        without.addAll(steps.subList(from + chunk, steps.size()));
        if (run(without) != null) {
          steps = without;
        } else {
          from += chunk;
        }
      }
    }
    return steps;
  }

  /** What went wrong; null if nothing. */
  private static @Nullable String run(List<Step> steps) {
    try (Volume volume = new Volume()) {
      VfsOptions options =
          new VfsOptions(
              6 << 20,
              1 << 20,
              256 << 10,
              Duration.ofMillis(5),
              AccessTime.RELATIME,
              Duration.ofSeconds(30),
              Duration.ofSeconds(30),
              false,
              false);
      volume.tree().takesInline(true);
      return new Run(volume, volume.mount(options), volume.mount(options)).all(steps);
    } catch (ErrnoException e) {
      return e.toString();
    }
  }

  /** One run of a list of steps. */
  private static final class Run {
    private final Volume volume;
    private final Vfs vfs;
    private final Vfs elsewhere;
    private byte[] model = new byte[0];
    private long handle;

    Run(Volume volume, Vfs vfs, Vfs elsewhere) throws ErrnoException {
      this.volume = volume;
      this.vfs = vfs;
      this.elsewhere = elsewhere;
      this.handle = Volume.create(vfs, "f");
    }

    @Nullable String all(List<Step> steps) throws ErrnoException {
      for (Step step : steps) {
        String wrong = apply(step);
        if (wrong != null) {
          return step + ": " + wrong;
        }
      }
      String wrong = compare(vfs, handle);
      Volume.close(vfs, handle);
      return wrong;
    }

    private @Nullable String apply(Step step) throws ErrnoException {
      int end = step.at + step.length;
      switch (step.kind) {
        case WRITE -> put(step.at, step);
        case APPEND -> {
          if (model.length + step.length <= SIZE_MAX) {
            put(model.length, step);
          }
        }
        case TRUNCATE -> {
          vfs.files().truncate(Volume.USER, handle, step.at);
          model = Arrays.copyOf(model, step.at);
        }
        case PUNCH -> {
          allocate(Operation.FALLOC_PUNCH_HOLE | Operation.FALLOC_KEEP_SIZE, step);
          zero(step.at, Math.min(end, model.length));
        }
        case ZERO -> {
          allocate(Operation.FALLOC_ZERO_RANGE, step);
          model = Arrays.copyOf(model, Math.max(model.length, end));
          zero(step.at, end);
        }
        case ALLOCATE -> {
          allocate(0, step);
          model = Arrays.copyOf(model, Math.max(model.length, end));
        }
        case READ -> {
          return compare(vfs, handle, step.at, end);
        }
        case FSYNC -> vfs.files().fsync(handle);
        case REOPEN -> {
          Volume.close(vfs, handle);
          handle = Volume.open(vfs, "f", OpenFlags.READ_WRITE);
        }
        case COMPARE_ELSEWHERE -> {
          vfs.files().fsync(handle);
          long other = Volume.open(elsewhere, "f", OpenFlags.READ_ONLY);
          String wrong = compare(elsewhere, other);
          Volume.close(elsewhere, other);
          return wrong;
        }
        case SMALL_DATA_ELSEWHERE -> volume.tree().takesInline(step.length % 2 == 0);
        case MOVE_SMALL_DATA -> volume.moveInline();
      }
      long size = vfs.files().attributes(handle).sizeBytes();
      return size == model.length ? null : "size " + size + ", not " + model.length;
    }

    private void put(int at, Step step) throws ErrnoException {
      byte[] bytes = new byte[step.length];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (step.fill + i % 7);
      }
      Volume.write(vfs, handle, at, bytes);
      model = Arrays.copyOf(model, Math.max(model.length, at + bytes.length));
      System.arraycopy(bytes, 0, model, at, bytes.length);
    }

    private void allocate(int mode, Step step) throws ErrnoException {
      vfs.files().allocate(Volume.USER, handle, mode, step.at, step.length);
    }

    private void zero(int from, int to) {
      if (from < to) {
        Arrays.fill(model, from, to, (byte) 0);
      }
    }

    private @Nullable String compare(Vfs mount, long file) throws ErrnoException {
      return compare(mount, file, 0, SIZE_MAX);
    }

    private @Nullable String compare(Vfs mount, long file, int from, int to) throws ErrnoException {
      byte[] read = Volume.readBytes(mount, file, from, to - from);
      int start = Math.min(from, model.length);
      byte[] right = Arrays.copyOfRange(model, start, Math.max(start, Math.min(to, model.length)));
      int mismatch = Arrays.mismatch(read, right);
      return mismatch < 0
          ? null
          : "first wrong byte at " + (from + mismatch) + " of " + model.length;
    }
  }
}
