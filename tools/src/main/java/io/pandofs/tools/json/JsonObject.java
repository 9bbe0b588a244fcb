package io.pandofs.tools.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON object with forgiving getters: what is missing or of another kind reads as nothing. */
public final class JsonObject {
  private final Map<String, @Nullable Object> values;

  private JsonObject(Map<String, @Nullable Object> values) {
    this.values = values;
  }

  public static JsonObject of(Map<?, ?> map) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    map.forEach((key, value) -> values.put(String.valueOf(key), value));
    return new JsonObject(values);
  }

  /** An object without members. */
  public static JsonObject empty() {
    return of(Map.of());
  }

  /** The members, for {@link JsonWriter}. */
  public Map<String, @Nullable Object> values() {
    return values;
  }

  /** A text; empty when there is none. */
  public String text(String key) {
    return values.get(key) instanceof String text ? text : "";
  }

  /** A whole number; 0 when there is none. */
  public long number(String key) {
    return values.get(key) instanceof Number number ? number.longValue() : 0;
  }

  public boolean flag(String key) {
    return Boolean.TRUE.equals(values.get(key));
  }

  /** A member object; an empty one when there is none. */
  public JsonObject object(String key) {
    return values.get(key) instanceof Map<?, ?> map ? of(map) : empty();
  }

  /** The objects in a member list. */
  public List<JsonObject> objects(String key) {
    List<JsonObject> objects = new ArrayList<>();
    if (values.get(key) instanceof List<?> list) {
      for (Object item : list) {
        if (item instanceof Map<?, ?> map) {
          objects.add(of(map));
        }
      }
    }
    return objects;
  }

  /** The texts in a member list. */
  public List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    if (values.get(key) instanceof List<?> list) {
      for (Object item : list) {
        texts.add(String.valueOf(item));
      }
    }
    return texts;
  }
}
