package io.pandofs.tools.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonTest {
  @Test
  void whatIsWrittenIsReadBack() {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("text", "a \"quote\", a \\, a\nline, \u0001 and ä");
    document.put("numbers", Arrays.asList(0L, -1L, Long.MAX_VALUE, 1.5));
    document.put("flags", Arrays.asList(true, false, null));
    document.put("empty", Map.of());
    document.put("nested", List.of(Map.of("a", List.of())));
    assertThat(JsonReader.read(JsonWriter.write(document))).isEqualTo(document);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[1",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "nul",
        "1 2",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "--1",
        "+",
        "]",
        "99999999999999999999"
      })
  void whatIsNoJsonIsRefused(String text) {
    assertThatThrownBy(() -> JsonReader.read(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void depthIsBounded() {
    assertThatThrownBy(() -> JsonReader.read("[".repeat(100_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nested too deeply");
  }

  @Test
  void missingMembersReadAsNothing() {
    JsonObject object = JsonReader.readObject("{\"a\":{\"b\":[\"x\",{\"c\":3}]},\"n\":null}");
    assertThat(object.text("none")).isEmpty();
    assertThat(object.number("a")).isZero();
    assertThat(object.object("n").values()).isEmpty();
    assertThat(object.object("a").objects("b").get(0).number("c")).isEqualTo(3);
    assertThat(object.object("a").texts("b").get(0)).isEqualTo("x");
  }
}
