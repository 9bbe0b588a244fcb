package io.pandofs.common.net;

import java.io.IOException;

/**
 * Who answers at the address is not who is wanted: of another cluster, another node, or without a
 * certificate that holds. Asking again changes nothing until somebody else listens there. The
 * message is a clause for people.
 */
public final class StrangerException extends IOException {
  private static final long serialVersionUID = 1;

  StrangerException(String message) {
    super(message);
  }
}
