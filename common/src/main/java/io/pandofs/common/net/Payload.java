package io.pandofs.common.net;

import java.nio.ByteBuffer;

/**
 * What a request or an answer carries: a small header (protobuf, as the method defines) and a bulk
 * body, either may be empty. Whoever receives a payload closes it; its buffers are read-only and
 * must not be touched afterwards.
 */
public interface Payload extends AutoCloseable {
  /** The header; a fresh duplicate at every call. */
  ByteBuffer header();

  /** The bulk bytes; a fresh duplicate at every call. */
  ByteBuffer body();

  @Override
  void close();

  /** A payload over buffers that live as long as they are reachable; close does nothing. */
  static Payload of(ByteBuffer header, ByteBuffer body) {
    return new PlainPayload(header, body);
  }

  static Payload of(byte[] header) {
    return of(ByteBuffer.wrap(header), ByteBuffer.allocate(0));
  }
}
