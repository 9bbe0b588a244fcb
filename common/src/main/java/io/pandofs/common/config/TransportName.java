package io.pandofs.common.config;

import java.util.Locale;

/** The ways to talk to FUSE, as they are written in a configuration. */
public enum TransportName {
  /** jnr-fuse on libfuse 2.9. */
  JNR,
  /** The kernel's protocol itself; Linux only. */
  DIRECT;

  /** As it is written. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The one that is written so.
   *
   * @throws IllegalArgumentException for none, with a message for the user
   */
  public static TransportName of(String text) {
    for (TransportName name : values()) {
      if (name.text().equals(text)) {
        return name;
      }
    }
    throw new IllegalArgumentException("'" + text + "' is not known; write \"jnr\" or \"direct\"");
  }
}
