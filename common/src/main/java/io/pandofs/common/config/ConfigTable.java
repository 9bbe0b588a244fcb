package io.pandofs.common.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;

/**
 * The values of one configuration file, each read by its dotted key and checked on the way. Knows
 * how to complain: every failure names the file, the line and the key.
 */
final class ConfigTable {
  private final Path file;
  private final TomlParseResult toml;

  ConfigTable(Path file, TomlParseResult toml) throws ConfigException {
    this.file = file;
    this.toml = toml;
    if (toml.hasErrors()) {
      TomlParseError first = toml.errors().get(0);
      throw new ConfigException(
          file + ", line " + first.position().line() + ": this is not TOML: " + oneLine(first));
    }
  }

  private static String oneLine(TomlParseError error) {
    String message = error.getMessage();
    return message == null ? "unknown error" : message.replace('\n', ' ');
  }

  /** Refuses keys that nobody reads. */
  void allowOnly(Set<String> known) throws ConfigException {
    for (String key : new TreeSet<>(toml.dottedKeySet())) {
      if (!known.contains(key)) {
        String hint =
            NearestKey.of(key, known)
                .map(near -> "did you mean '" + near + "'?")
                .orElse("known keys are " + String.join(", ", new TreeSet<>(known)));
        throw failure(key, "there is no such key; " + hint);
      }
    }
  }

  ConfigException failure(String key, String what) {
    TomlPosition at = toml.contains(key) ? toml.inputPositionOf(key) : null;
    String line = at == null ? "" : ", line " + at.line();
    return new ConfigException(file + line + ": '" + key + "': " + what);
  }

  @Nullable String text(String key) throws ConfigException {
    if (!toml.contains(key)) {
      return null;
    }
    if (!toml.isString(key)) {
      throw failure(key, "must be a text in quotes");
    }
    return toml.getString(key);
  }

  String text(String key, String otherwise) throws ConfigException {
    String value = text(key);
    return value == null ? otherwise : value;
  }

  String required(String key) throws ConfigException {
    String value = text(key);
    if (value == null) {
      throw failure(key, "is missing, add it");
    }
    return value;
  }

  boolean flag(String key) throws ConfigException {
    if (!toml.contains(key)) {
      return false;
    }
    if (!toml.isBoolean(key)) {
      throw failure(key, "must be true or false");
    }
    return Boolean.TRUE.equals(toml.getBoolean(key));
  }

  /** Absolute paths; relative ones start from the configuration's directory. */
  List<Path> directories(String key, Path file) throws ConfigException {
    List<Path> directories = new ArrayList<>();
    if (!toml.contains(key)) {
      return directories;
    }
    TomlArray array = toml.isArray(key) ? toml.getArray(key) : null;
    if (array == null || !array.toList().stream().allMatch(String.class::isInstance)) {
      throw failure(key, "must be a list like [\"/disk1/pando\", \"/disk2/pando\"]");
    }
    for (Object element : array.toList()) {
      directories.add(file.toAbsolutePath().resolveSibling((String) element).normalize());
    }
    return directories;
  }

  List<HostPort> addresses(String key) throws ConfigException {
    List<HostPort> addresses = new ArrayList<>();
    if (!toml.contains(key)) {
      return addresses;
    }
    TomlArray array = toml.isArray(key) ? toml.getArray(key) : null;
    if (array == null) {
      throw failure(key, "must be a list like [\"host:port\"]");
    }
    for (Object element : array.toList()) {
      addresses.add(address(key, element.toString()));
    }
    return addresses;
  }

  @Nullable HostPort address(String key) throws ConfigException {
    String value = text(key);
    return value == null ? null : address(key, value);
  }

  HostPort address(String key, HostPort otherwise) throws ConfigException {
    HostPort value = address(key);
    return value == null ? otherwise : value;
  }

  private HostPort address(String key, String value) throws ConfigException {
    return HostPort.parse(value)
        .orElseThrow(
            () ->
                failure(key, "'" + value + "' is not an address; write host:port or [IPv6]:port"));
  }

  Duration duration(String key, Duration otherwise) throws ConfigException {
    String value = text(key);
    return value == null ? otherwise : duration(key, value);
  }

  Duration duration(String key, String value) throws ConfigException {
    return or(
        Units.duration(value), key, "'" + value + "' is not a duration; write 300ms, 30s, 10min");
  }

  /** A whole number, at least {@code min} and at most {@code max}. */
  long number(String key, long otherwise, long min, long max) throws ConfigException {
    if (!toml.contains(key)) {
      return otherwise;
    }
    Long value = toml.isLong(key) ? toml.getLong(key) : null;
    if (value == null) {
      throw failure(key, "must be a whole number");
    }
    if (value < min || value > max) {
      throw failure(key, "must be between " + min + " and " + max);
    }
    return value;
  }

  /** A size in bytes, at least {@code min} and at most {@code max}. */
  long size(String key, long otherwise, long min, long max) throws ConfigException {
    String value = text(key);
    if (value == null) {
      return otherwise;
    }
    long bytes = or(Units.size(value), key, "'" + value + "' is not a size; write 512KiB, 64MiB");
    if (bytes < min || bytes > max) {
      throw failure(key, "must be between " + (min >> 20) + " and " + (max >> 20) + " MiB");
    }
    return bytes;
  }

  private <T> T or(Optional<T> value, String key, String what) throws ConfigException {
    return value.orElseThrow(() -> failure(key, what));
  }
}
