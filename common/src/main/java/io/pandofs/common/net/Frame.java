package io.pandofs.common.net;

import io.netty.buffer.ByteBuf;

/** A whole frame whose checksum holds. Whoever receives it owns the bytes (header and body). */
record Frame(FrameHeader header, ByteBuf bytes) {
  FramePayload payload(Runnable onClose) {
    return new FramePayload(bytes, header.headerLength(), onClose);
  }
}
