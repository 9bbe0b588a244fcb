package io.pandofs.block.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.block.LocalBlocks.LocalBlock;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything acknowledged is there after the process was killed, at whatever moment. */
final class KillTest {
  private static final int ROUNDS = 5;

  @TempDir Path directory;
  private final Map<Long, Integer> acknowledged = new HashMap<>();
  private final Set<Long> deleted = new HashSet<>();

  @Test
  void losesNothingThatWasAcknowledged() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    long first = 1;
    for (int round = 0; round < ROUNDS; round++) {
      first = putUntilKilled(first, random.nextLong(), 1 + random.nextInt(1500));
      check("seed " + seed + " round " + round);
    }
    assertThat(acknowledged).hasSizeGreaterThan(100);
  }

  /** Kills the process after it has said so many lines; the next block number to use. */
  private long putUntilKilled(long first, long seed, int lines) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"),
            PuttingProcess.class.getName(),
            directory.toString(),
            Long.toString(first),
            Long.toString(seed));
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader out = process.inputReader()) {
      int said = 0;
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        hear(line);
        if (++said == lines) {
          // By its handle, which leaves the pipe open: what it said before has to be heard.
          assertThat(process.toHandle().destroyForcibly()).isTrue();
        }
      }
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("killed, not ended").isEqualTo(128 + 9);
    // Blocks that were put and not acknowledged have numbers a little over the last one.
    return acknowledged.keySet().stream().mapToLong(b -> b).max().orElse(first) + 1_000;
  }

  private void hear(String line) {
    String[] words = line.split(" ", -1);
    if (words[0].equals("put")) {
      acknowledged.put(Long.parseLong(words[1]), Integer.parseInt(words[2]));
    } else if (words[0].equals("delete")) {
      deleted.add(Long.parseLong(words[1]));
    }
  }

  private void check(String when) throws Exception {
    try (StoreFixture fixture = new StoreFixture(StoreFixture.tiny(directory));
        LocalBlockStore store = fixture.open()) {
      for (Map.Entry<Long, Integer> put : acknowledged.entrySet()) {
        if (!deleted.contains(put.getKey())) {
          assertWhole(store, put.getKey(), put.getValue(), when);
        }
      }
      List<LocalBlock> all = store.scan(0, Integer.MAX_VALUE);
      for (LocalBlock there : all) {
        assertWhole(store, there.block().value(), there.length(), when);
      }
      assertThat(store.usage().blocks()).as(when).isEqualTo(all.size());
      assertThat(store.usage().usedBytes())
          .as(when)
          .isEqualTo(all.stream().mapToLong(LocalBlock::length).sum());
    }
  }

  private static void assertWhole(LocalBlockStore store, long block, int length, String when)
      throws Exception {
    assertThat(StoreFixture.read(store, block, length).equals(StoreFixture.bytes(block, length)))
        .as("%s: bytes of block %s of %s", when, block, length)
        .isTrue();
  }
}
