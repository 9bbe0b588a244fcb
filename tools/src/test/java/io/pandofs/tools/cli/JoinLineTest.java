package io.pandofs.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tools.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The line is pasted into a shell. */
class JoinLineTest {
  @ParameterizedTest
  @ValueSource(strings = {"/mnt/pando", "/mnt/my data", "/mnt/$HOME", "/mnt/it's", "/mnt/;x&y`z`"})
  void aShellReadsTheSameWords(String mount) throws Exception {
    String line =
        JoinLine.of(
            JsonObject.of(
                Map.of("control", "one.example:7100", "token", "pando1-abc_-", "mount", mount)));
    assertThat(line).startsWith("pando join one.example:7100 --token pando1-abc_- --mount ");
    Process shell =
        new ProcessBuilder("sh", "-c", "pando() { printf '%s\\n' \"$@\"; }; " + line).start();
    String words = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(words.lines())
        .containsExactly("join", "one.example:7100", "--token", "pando1-abc_-", "--mount", mount);
  }
}
