package io.pandofs.tests.programs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The programs judged on a local directory, where all must pass, and on one that shows something
 * else, where none may.
 */
final class ProgramsTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path temporary;
  private Path mount;
  private Programs programs;

  @BeforeEach
  void makeSource() throws IOException {
    mount = Files.createDirectories(temporary.resolve("mount"));
    Path source = Files.createDirectories(temporary.resolve("source"));
    for (int i = 0; i < 100; i++) {
      Path directory = Files.createDirectories(source.resolve("d" + i % 7));
      Files.writeString(
          directory.resolve("file" + i + ".txt"), ("line " + i + "\n").repeat(i * 20));
    }
    Files.createSymbolicLink(source.resolve("link"), Path.of("d1/file1.txt"));
    programs = new Programs(temporary.resolve("scratch"), source, PATIENCE);
  }

  @Test
  void allPassOnALocalDirectory() {
    assertThat(programs.run(mount, List.of(mount, mount), "programs")).isEmpty();
  }

  @Test
  void noneMayPassWhereNothingArrived() throws IOException {
    Path other = Files.createDirectories(temporary.resolve("other"));
    assertThat(programs.run(mount, List.of(other), "programs"))
        .extracting(Programs.Failure::program)
        .isEqualTo(Programs.NAMES);
  }

  @Test
  void oneWrongByteIsFound() throws IOException {
    flipsAByteAndFails("cp", "tree/d3/file94.txt");
    flipsAByteAndFails("tar", "out/d3/file94.txt");
    flipsAByteAndFails("git", "clone/d3/file94.txt");
    flipsAByteAndFails("fio", "data");
    flipsAByteAndFails("vim", "text~");
  }

  private void flipsAByteAndFails(String program, String file) throws IOException {
    assertThat(programs.write(program, mount, "flip")).isEmpty();
    try (RandomAccessFile f =
        new RandomAccessFile(mount.resolve("flip").resolve(program).resolve(file).toFile(), "rw")) {
      f.seek(9);
      int old = f.read();
      f.seek(9);
      f.write(old ^ 0x20);
    }
    assertThat(programs.check(program, mount, "flip")).as(program).isPresent();
  }
}
