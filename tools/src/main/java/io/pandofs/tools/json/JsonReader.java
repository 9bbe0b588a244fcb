package io.pandofs.tools.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON (RFC 8259) into maps, lists, texts, {@code Long}, {@code Double}, {@code Boolean} and
 * null. Depth is bounded; anything malformed is refused with its position.
 */
public final class JsonReader {
  private static final int DEPTH_MAX = 32;
  private static final int UNICODE_DIGITS = 4;
  private static final int HEX = 16;

  private final String text;
  private int at;

  private JsonReader(String text) {
    this.text = text;
  }

  /**
   * The document in this text.
   *
   * @throws IllegalArgumentException when it is not JSON
   */
  public static @Nullable Object read(String text) {
    JsonReader reader = new JsonReader(text);
    Object value = reader.value(0);
    reader.space();
    if (reader.at != text.length()) {
      throw reader.failure("something follows the document");
    }
    return value;
  }

  /**
   * The document in this text, which must be an object.
   *
   * @throws IllegalArgumentException when it is not
   */
  public static JsonObject readObject(String text) {
    if (read(text) instanceof Map<?, ?> map) {
      return JsonObject.of(map);
    }
    throw new IllegalArgumentException("not a JSON object");
  }

  private IllegalArgumentException failure(String what) {
    return new IllegalArgumentException("at " + at + ": " + what);
  }

  private @Nullable Object value(int depth) {
    if (depth > DEPTH_MAX) {
      throw failure("nested too deeply");
    }
    space();
    char c = peek();
    return switch (c) {
      case '{' -> object(depth);
      case '[' -> array(depth);
      case '"' -> string();
      case 't' -> word("true", true);
      case 'f' -> word("false", false);
      case 'n' -> word("null", null);
      default -> number();
    };
  }

  private Map<String, @Nullable Object> object(int depth) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    expect('{');
    if (skip('}')) {
      return map;
    }
    do {
      space();
      String key = string();
      space();
      expect(':');
      map.put(key, value(depth + 1));
    } while (skip(','));
    space();
    expect('}');
    return map;
  }

  private List<@Nullable Object> array(int depth) {
    List<@Nullable Object> list = new ArrayList<>();
    expect('[');
    if (skip(']')) {
      return list;
    }
    do {
      list.add(value(depth + 1));
    } while (skip(','));
    space();
    expect(']');
    return list;
  }

  private String string() {
    StringBuilder out = new StringBuilder();
    expect('"');
    for (char c = next(); c != '"'; c = next()) {
      out.append(c == '\\' ? escaped() : c);
    }
    return out.toString();
  }

  private char escaped() {
    char c = next();
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'u' -> unicode();
      default -> throw failure("no such escape");
    };
  }

  private char unicode() {
    int end = at + UNICODE_DIGITS;
    if (end > text.length() || !text.substring(at, end).matches("[0-9a-fA-F]{4}")) {
      throw failure("not a character number");
    }
    char c = (char) Integer.parseInt(text.substring(at, end), HEX);
    at = end;
    return c;
  }

  private Object number() {
    int from = at;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    String digits = text.substring(from, at);
    try {
      if (digits.matches("-?[0-9]+")) {
        return Long.valueOf(digits);
      }
      return Double.valueOf(digits);
    } catch (NumberFormatException e) {
      throw failure("not a value");
    }
  }

  private @Nullable Object word(String word, @Nullable Object value) {
    if (!text.startsWith(word, at)) {
      throw failure("not a value");
    }
    at += word.length();
    return value;
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private char peek() {
    if (at >= text.length()) {
      throw failure("the text ends too early");
    }
    return text.charAt(at);
  }

  private char next() {
    char c = peek();
    at++;
    return c;
  }

  private boolean skip(char c) {
    space();
    if (at < text.length() && text.charAt(at) == c) {
      at++;
      return true;
    }
    return false;
  }

  private void expect(char c) {
    if (next() != c) {
      at--;
      throw failure("expected " + c);
    }
  }
}
