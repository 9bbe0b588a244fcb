package io.pandofs.block.net;

import io.pandofs.common.net.Payload;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/** Room for the answer to one read; gives it back, once, when the answer is written or is none. */
final class ReadAnswerRoom {
  private final ReadBudget budget;
  private final long bytes;
  private final AtomicBoolean closed = new AtomicBoolean();

  ReadAnswerRoom(ReadBudget budget, long bytes) {
    this.budget = budget;
    this.bytes = bytes;
  }

  void giveBack() {
    if (closed.compareAndSet(false, true)) {
      budget.giveBack(bytes);
    }
  }

  /** The answer; its close gives the room back. */
  Payload filled(byte[] header, ByteBuffer body) {
    return new Filled(ByteBuffer.wrap(header), body, this);
  }

  private record Filled(ByteBuffer head, ByteBuffer bulk, ReadAnswerRoom room) implements Payload {
    @Override
    public ByteBuffer header() {
      return head.asReadOnlyBuffer();
    }

    @Override
    public ByteBuffer body() {
      return bulk.asReadOnlyBuffer();
    }

    @Override
    public void close() {
      room.giveBack();
    }
  }
}
