package io.pandofs.mount.vfs;

import io.pandofs.meta.MetadataSession;
import java.io.IOException;

/**
 * Registers a mount with the metadata: at its start, and again whenever its session has expired.
 */
@FunctionalInterface
public interface SessionSource {

  /**
   * A new session. May wait for a leader.
   *
   * @throws IOException if there is none in time
   */
  MetadataSession register() throws IOException;
}
