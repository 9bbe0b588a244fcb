package io.pandofs.common.net;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/** A received payload: holds its pooled buffer until it is closed, once. Thread-safe. */
final class FramePayload implements Payload {
  private final ByteBuf bytes;
  private final int headerLength;
  private final Runnable onClose;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * @param bytes header and body, owned by the payload
   * @param onClose called once, after the buffer was given back
   */
  FramePayload(ByteBuf bytes, int headerLength, Runnable onClose) {
    this.bytes = bytes;
    this.headerLength = headerLength;
    this.onClose = onClose;
  }

  @Override
  public ByteBuffer header() {
    return slice(0, headerLength);
  }

  @Override
  public ByteBuffer body() {
    return slice(headerLength, bytes.writerIndex() - headerLength);
  }

  private ByteBuffer slice(int from, int length) {
    if (closed.get()) {
      throw new IllegalStateException("the payload is closed");
    }
    return bytes.nioBuffer(from, length).asReadOnlyBuffer();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      bytes.release();
      onClose.run();
    }
  }
}
