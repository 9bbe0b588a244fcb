package io.pandofs.meta.raft;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.pandofs.common.net.Payload;
import io.pandofs.meta.wire.ControlAnswer;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Between payloads and the messages of control.proto. */
final class ControlCodec {
  private ControlCodec() {}

  static Payload payload(MessageLite header) {
    return Payload.of(header.toByteArray());
  }

  static Payload payload(MessageLite header, byte[] body) {
    return Payload.of(ByteBuffer.wrap(header.toByteArray()), ByteBuffer.wrap(body));
  }

  /** Reads the header; does not close the payload. */
  static <M> M header(Payload payload, Parser<M> parser) throws IOException {
    try {
      return parser.parseFrom(payload.header());
    } catch (InvalidProtocolBufferException e) {
      throw new RefusedException("a control message makes no sense: " + e.getMessage());
    }
  }

  static byte[] body(Payload payload) {
    ByteBuffer body = payload.body();
    byte[] bytes = new byte[body.remaining()];
    body.get(bytes);
    return bytes;
  }

  static ControlAnswer ok() {
    return ControlAnswer.getDefaultInstance();
  }

  /** Throws what the answer says, if it says no. */
  static void check(ControlAnswer answer) throws IOException {
    switch (answer.getStatus()) {
      case OK -> {}
      case NOT_LEADER -> throw new NoLeaderException("not the leader: " + answer.getText());
      case REFUSED -> throw new RefusedException(answer.getText());
      default -> throw new IOException(answer.getText());
    }
  }
}
