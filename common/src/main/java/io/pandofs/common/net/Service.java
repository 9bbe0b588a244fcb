package io.pandofs.common.net;

import java.net.InetSocketAddress;
import java.util.concurrent.CompletionStage;

/** Answers requests that come over connections. Thread-safe. */
@FunctionalInterface
public interface Service {
  /**
   * Answers one request. Called on an I/O thread: must not block. The service closes the request;
   * the connection closes the answer once it is written. A stage that fails is told to the caller
   * as one line of text ({@link RemoteException}).
   *
   * @param from the caller's address, for log lines
   * @param method a number that the service defines
   */
  CompletionStage<Payload> handle(InetSocketAddress from, int method, Payload request);
}
