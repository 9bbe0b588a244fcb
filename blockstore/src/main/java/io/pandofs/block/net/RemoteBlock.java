package io.pandofs.block.net;

import io.pandofs.common.SessionId;
import io.pandofs.common.net.Payload;
import java.nio.ByteBuffer;

/**
 * Bytes of a block that came from a peer and match the checksum that came with them. Whoever
 * receives it closes it.
 */
public final class RemoteBlock implements AutoCloseable {
  private final Payload answer;
  private final SessionId session;

  RemoteBlock(Payload answer, SessionId session) {
    this.answer = answer;
    this.session = session;
  }

  /** The bytes that were asked for, all of them; a fresh duplicate at every call. */
  public ByteBuffer bytes() {
    return answer.body();
  }

  /** The session that wrote the block, by the peer's word. */
  public SessionId session() {
    return session;
  }

  @Override
  public void close() {
    answer.close();
  }
}
