package io.pandofs.common.net;

import java.nio.ByteBuffer;

/** Buffers that the garbage collector frees. */
record PlainPayload(ByteBuffer header, ByteBuffer body) implements Payload {
  PlainPayload {
    header = header.asReadOnlyBuffer();
    body = body.asReadOnlyBuffer();
  }

  @Override
  public ByteBuffer header() {
    return header.duplicate();
  }

  @Override
  public ByteBuffer body() {
    return body.duplicate();
  }

  @Override
  public void close() {
    // Nothing to give back: the collector frees plain buffers.
  }
}
