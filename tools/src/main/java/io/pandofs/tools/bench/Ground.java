package io.pandofs.tools.bench;

import com.sun.nio.file.ExtendedOpenOption;
import io.pandofs.common.time.Clock;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A directory in which rows are measured, in a directory of its own there, which goes with it. For
 * one thread, but for {@link #close}.
 */
final class Ground implements AutoCloseable {
  private static final int STEP = 1 << 20;
  private static final int SMALL = 4096;

  /** A direct read's place in memory and in the file is a multiple of it; all disks take it. */
  private static final int ALIGNMENT = 4096;

  /** More of them say nothing more. */
  private static final int OPERATIONS_MAX = 200_000;

  private final Path directory;
  private final Size size;
  private final Clock clock;
  private final Path big;
  private boolean cached;

  private Ground(Path directory, Size size, Clock clock) {
    this.directory = directory;
    this.size = size;
    this.clock = clock;
    this.big = directory.resolve("big");
  }

  /** Makes the directory in which it works. */
  static Ground in(Path parent, Size size, Clock clock) throws Refusal {
    try {
      if (!Files.isDirectory(parent)) {
        throw new NotDirectoryException(parent.toString());
      }
      Path own = parent.resolve("pando-bench-" + ProcessHandle.current().pid());
      return new Ground(Files.createDirectory(own), size, clock);
    } catch (IOException e) {
      throw new Refusal("Cannot work in " + parent + ": " + reason(e) + ".", e);
    }
  }

  private static String reason(IOException e) {
    return e instanceof NotDirectoryException
        ? "it is not a directory"
        : e.getClass().getSimpleName() + " " + e.getMessage();
  }

  /** Whether a filesystem there did not take reads past the page cache. */
  boolean isCached() {
    return cached;
  }

  Figure measure(Row row) throws IOException, InterruptedException {
    return switch (row) {
      case WRITE -> write();
      case READ -> read();
      case RANDOM_READ -> timed(1, this::randomReads);
      case RANDOM_READS -> timed(size.threads(), this::randomReads);
      case FSYNC -> timed(1, this::syncs);
      case FSYNCS -> timed(size.threads(), this::syncs);
      case CREATE -> create(List.of(small()));
      case CREATES -> create(many());
      case STAT -> each(path -> Files.readAttributes(path, BasicFileAttributes.class));
      case LIST -> list();
      case OPEN -> each(Ground::readSmall);
      case RENAME -> each(path -> Files.move(path, renamed(path)));
      case UNLINK -> each(path -> Files.delete(renamed(path)));
    };
  }

  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(4711).nextBytes(bytes);
    return bytes;
  }

  private Figure write() throws IOException {
    ByteBuffer step = ByteBuffer.allocateDirect(STEP).put(noise(STEP));
    long began = clock.nanoTime();
    try (FileChannel file =
        FileChannel.open(big, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (int i = 0; i < size.mebibytes(); i++) {
        write(file, step.rewind(), (long) i * STEP);
      }
      file.force(true);
    }
    return Figure.of(megabytes(), clock.nanoTime() - began, new long[0]);
  }

  private double megabytes() {
    return (double) size.mebibytes() * STEP / 1e6;
  }

  private Figure read() throws IOException {
    ByteBuffer step = aligned(STEP);
    try (FileChannel file = openDirect()) {
      long began = clock.nanoTime();
      long at = 0;
      while (at < file.size()) {
        at += read(file, step.clear(), at);
      }
      return Figure.of(megabytes(), clock.nanoTime() - began, new long[0]);
    }
  }

  private static ByteBuffer aligned(int length) {
    return ByteBuffer.allocateDirect(length + ALIGNMENT).alignedSlice(ALIGNMENT).limit(length);
  }

  private FileChannel openDirect() throws IOException {
    List<OpenOption> options = List.of(StandardOpenOption.READ, ExtendedOpenOption.DIRECT);
    try {
      return FileChannel.open(big, options.toArray(OpenOption[]::new));
    } catch (UnsupportedOperationException | IOException e) {
      // tmpfs and others have nothing but a cache, or say so.
      cached = true;
      return FileChannel.open(big, StandardOpenOption.READ);
    }
  }

  private static int read(FileChannel file, ByteBuffer into, long at) throws IOException {
    int count = file.read(into, at);
    if (count <= 0) {
      throw new IOException("nothing to read at " + at);
    }
    return count;
  }

  private static void write(FileChannel file, ByteBuffer from, long at) throws IOException {
    while (from.hasRemaining()) {
      file.write(from, at + from.position());
    }
  }

  /** One of several threads that do the same, until a time. */
  @FunctionalInterface
  private interface Loop {
    long[] run(int thread, long until) throws IOException;
  }

  private Figure timed(int threads, Loop loop) throws IOException, InterruptedException {
    long began = clock.nanoTime();
    long until = began + size.millis() * 1_000_000;
    long[] each = together(threads, thread -> loop.run(thread, until));
    return Figure.of(each.length, clock.nanoTime() - began, each);
  }

  private long[] randomReads(int thread, long until) throws IOException {
    Random random = new Random(thread);
    ByteBuffer into = aligned(SMALL);
    int places = size.mebibytes() * (STEP / SMALL);
    try (FileChannel file = openDirect()) {
      return until(
          until,
          i -> {
            int unused = read(file, into.rewind(), (long) random.nextInt(places) * SMALL);
          });
    }
  }

  private long[] syncs(int thread, long until) throws IOException {
    ByteBuffer from = ByteBuffer.allocateDirect(SMALL).put(noise(SMALL));
    Path own = directory.resolve("synced-" + thread);
    Random random = new Random(thread);
    try (FileChannel file =
        FileChannel.open(own, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      // Written over, as a database does: that changes no size.
      for (int i = 0; i < 256; i++) {
        write(file, from.rewind(), (long) i * SMALL);
      }
      file.force(true);
      return until(
          until,
          i -> {
            write(file, from.rewind(), (long) random.nextInt(256) * SMALL);
            file.force(false);
          });
    }
  }

  @FunctionalInterface
  private interface Operation {
    void run(int number) throws IOException;
  }

  /** How long each took, at least one. */
  private long[] until(long until, Operation operation) throws IOException {
    LongStream.Builder each = LongStream.builder();
    int done = 0;
    long before = clock.nanoTime();
    do {
      operation.run(done++);
      long now = clock.nanoTime();
      each.add(now - before);
      before = now;
    } while (before - until < 0 && done < OPERATIONS_MAX);
    return each.build().toArray();
  }

  @FunctionalInterface
  private interface Part {
    long[] run(int thread) throws IOException;
  }

  private static long[] together(int threads, Part part) throws IOException, InterruptedException {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<long[]>> parts = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int thread = i;
        parts.add(executor.submit(() -> part.run(thread)));
      }
      LongStream all = LongStream.empty();
      for (Future<long[]> one : parts) {
        all = LongStream.concat(all, LongStream.of(one.get()));
      }
      return all.toArray();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } finally {
      executor.shutdownNow();
    }
  }

  /** Where the rows of one thread have their files. */
  private Path small() {
    return directory.resolve("small");
  }

  private List<Path> many() {
    return IntStream.range(0, size.threads())
        .mapToObj(i -> directory.resolve("many-" + i))
        .toList();
  }

  /** A thread for each directory. */
  private Figure create(List<Path> places) throws IOException, InterruptedException {
    byte[] content = noise(SMALL);
    for (Path place : places) {
      Files.createDirectory(place);
    }
    long began = clock.nanoTime();
    long[] each =
        together(
            places.size(),
            thread -> {
              long[] took = new long[size.files()];
              for (int i = 0; i < took.length; i++) {
                long before = clock.nanoTime();
                Files.write(file(places.get(thread), i), content);
                took[i] = clock.nanoTime() - before;
              }
              return took;
            });
    // Who waits for the directory waits for what was made in it.
    for (Path place : places) {
      try (FileChannel all = FileChannel.open(place, StandardOpenOption.READ)) {
        all.force(true);
      }
    }
    return Figure.of(each.length, clock.nanoTime() - began, each);
  }

  private static Path file(Path place, int number) {
    return place.resolve("f" + number);
  }

  private static Path renamed(Path path) {
    return path.resolveSibling(path.getFileName() + ".renamed");
  }

  private static void readSmall(Path path) throws IOException {
    if (Files.readAllBytes(path).length != SMALL) {
      throw new IOException(path + " does not have the bytes that were written");
    }
  }

  @FunctionalInterface
  private interface OnPath {
    void run(Path path) throws IOException;
  }

  private Figure each(OnPath operation) throws IOException {
    long[] took = new long[size.files()];
    long began = clock.nanoTime();
    for (int i = 0; i < took.length; i++) {
      long before = clock.nanoTime();
      operation.run(file(small(), i));
      took[i] = clock.nanoTime() - before;
    }
    return Figure.of(took.length, clock.nanoTime() - began, took);
  }

  private Figure list() throws IOException {
    int[] seen = new int[1];
    long began = clock.nanoTime();
    Files.walkFileTree(
        small(),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            seen[0]++;
            return FileVisitResult.CONTINUE;
          }
        });
    long took = clock.nanoTime() - began;
    if (seen[0] != size.files()) {
      throw new IOException("a listing shows " + seen[0] + " of " + size.files() + " files");
    }
    return Figure.of(seen[0], took, new long[0]);
  }

  /** Removes all that was made. */
  @Override
  public void close() throws IOException {
    if (Files.isDirectory(directory)) {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path done, @Nullable IOException failure)
                throws IOException {
              Files.deleteIfExists(done);
              return FileVisitResult.CONTINUE;
            }
          });
    }
  }
}
