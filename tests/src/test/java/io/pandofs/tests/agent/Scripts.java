package io.pandofs.tests.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts the Python programs that lie beside this class. */
public final class Scripts {
  private Scripts() {}

  /**
   * Starts {@code name} with {@code arguments}; its working directory is the root, and its errors
   * go to ours.
   */
  public static Process python(String name, String... arguments) {
    List<String> command = new ArrayList<>(List.of("python3", "-c", text(name)));
    command.addAll(List.of(arguments));
    try {
      return new ProcessBuilder(command)
          .directory(Path.of("/").toFile())
          .redirectError(ProcessBuilder.Redirect.INHERIT)
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException("these tests need python3", e);
    }
  }

  private static String text(String name) {
    try (InputStream in = Scripts.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("no script " + name);
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
