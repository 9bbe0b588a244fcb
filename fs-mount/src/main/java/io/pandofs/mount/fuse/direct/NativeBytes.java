package io.pandofs.mount.fuse.direct;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;

/**
 * Memory outside of the heap, whose pages the system only gives when they are touched (a direct
 * buffer's are all touched when it is made). Must not be used after {@link #close}.
 */
final class NativeBytes implements AutoCloseable {

  private final long address;
  private final ByteBuffer buffer;

  NativeBytes(int size) {
    this.address = MemoryIO.getInstance().allocateMemory(size, false);
    if (address == 0) {
      throw new OutOfMemoryError("no " + size + " bytes for a request");
    }
    this.buffer = MemoryIO.getInstance().newDirectByteBuffer(address, size);
  }

  long address() {
    return address;
  }

  ByteBuffer buffer() {
    return buffer;
  }

  @Override
  public void close() {
    MemoryIO.getInstance().freeMemory(address);
  }
}
