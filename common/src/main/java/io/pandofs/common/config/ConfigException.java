package io.pandofs.common.config;

/**
 * A configuration that cannot be used. The message is one sentence for a person: the file, the key
 * and what to do about it.
 */
public final class ConfigException extends Exception {
  public ConfigException(String message) {
    super(message);
  }

  public ConfigException(String message, Throwable cause) {
    super(message, cause);
  }
}
