package io.pandofs.common.net;

import java.util.concurrent.CompletionStage;

/** Answers requests that come over connections. Thread-safe. */
@FunctionalInterface
public interface Service {
  /**
   * Answers one request. Called on an I/O thread: must not block. The service closes the request;
   * the connection closes the answer once it is written. A stage that fails is told to the caller
   * as one line of text ({@link RemoteException}).
   *
   * @param from who asks; a service checks that it speaks only for itself
   * @param method a number that the service defines
   */
  CompletionStage<Payload> handle(Peer from, int method, Payload request);
}
