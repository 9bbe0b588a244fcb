package io.pandofs.tools.setup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogTailTest {
  @TempDir Path dir;

  @Test
  void theLastLinesOfALongLogAreShownThoughSomeBytesAreNoText() throws IOException {
    Path log = dir.resolve("log");
    try (OutputStream out = Files.newOutputStream(log)) {
      for (int i = 0; i < 10_000; i++) {
        out.write(("line " + i + "\n").getBytes(StandardCharsets.UTF_8));
      }
      out.write(new byte[] {'a', (byte) 0xff, '\n', 'e', 'n', 'd'});
    }
    assertThat(LogTail.of(log, 3)).containsExactly("line 9999", "a\ufffd", "end");
    Files.writeString(log, "");
    assertThat(LogTail.of(log, 3)).isEmpty();
  }
}
