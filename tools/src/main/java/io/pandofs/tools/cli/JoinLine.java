package io.pandofs.tools.cli;

import io.pandofs.tools.json.JsonObject;
import java.util.regex.Pattern;

/** The line to type on the next machine. */
final class JoinLine {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:@%+=,-]+");

  private JoinLine() {}

  /**
   * @param token as a node's daemon answers who has it made
   */
  static String of(JsonObject token) {
    return "pando join "
        + word(token.text("control"))
        + " --token "
        + word(token.text("token"))
        + " --mount "
        + word(token.text("mount"));
  }

  /** As one word of a shell's line. */
  private static String word(String text) {
    return PLAIN.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
