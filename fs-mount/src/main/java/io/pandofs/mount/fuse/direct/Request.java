package io.pandofs.mount.fuse.direct;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Caller;
import io.pandofs.mount.fuse.direct.Protocol.InHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A request in the memory it was read into, used again for the next one. Offsets count from the end
 * of the header; every one is checked against the length. For one thread.
 *
 * <p>All methods throw {@link MalformedRequestException} for what the protocol does not allow.
 */
final class Request {

  private final ByteBuffer bytes;

  /** The same bytes with limits of its own, for {@link #data}. */
  private final ByteBuffer data;

  /** Where the body ends: extensions lie behind it. */
  private int end;

  /**
   * @param bytes where requests are read into, from its beginning
   */
  Request(ByteBuffer bytes) {
    this.bytes = bytes.duplicate().order(ByteOrder.nativeOrder());
    this.data = bytes.duplicate();
  }

  /** Looks at a request that has been read. */
  void wrap(int length) {
    end = 0;
    if (length < InHeader.BYTES || length > bytes.capacity()) {
      throw new MalformedRequestException("a request of " + length + " bytes");
    }
    int said = bytes.getInt(InHeader.LENGTH);
    if (said != length) {
      throw new MalformedRequestException("a request of " + length + " bytes says " + said);
    }
    int extensions = 8 * Short.toUnsignedInt(bytes.getShort(InHeader.EXTENSIONS));
    if (extensions > length - InHeader.BYTES) {
      throw new MalformedRequestException("extensions longer than the request");
    }
    end = length - extensions;
  }

  int opcode() {
    return bytes.getInt(InHeader.OPCODE);
  }

  /** The number that the answer must bear. */
  long unique() {
    return bytes.getLong(InHeader.UNIQUE);
  }

  long node() {
    return bytes.getLong(InHeader.NODE);
  }

  InodeId inode() {
    return inode(node());
  }

  private static InodeId inode(long node) {
    if (node <= 0) {
      throw new MalformedRequestException("node " + node);
    }
    return new InodeId(node);
  }

  Caller caller() {
    return new Caller(bytes.getInt(InHeader.UID), bytes.getInt(InHeader.GID));
  }

  /** The thread that calls, in the pid namespace of who mounted; 0 if the kernel does not tell. */
  int thread() {
    return bytes.getInt(InHeader.PID);
  }

  /** Length of what follows the header. */
  int bodyBytes() {
    return end - InHeader.BYTES;
  }

  /** Says if the body is shorter than its fixed part. */
  void needs(int bodyBytes) {
    if (bodyBytes() < bodyBytes) {
      throw new MalformedRequestException(
          "opcode " + opcode() + " with " + bodyBytes() + " bytes, not " + bodyBytes);
    }
  }

  private int place(int at, int size) {
    if (at < 0 || size < 0 || size > bodyBytes() - at) {
      throw new MalformedRequestException(
          "opcode " + opcode() + ": " + size + " bytes at " + at + " of " + bodyBytes());
    }
    return InHeader.BYTES + at;
  }

  int int32(int at) {
    return bytes.getInt(place(at, Integer.BYTES));
  }

  long int64(int at) {
    return bytes.getLong(place(at, Long.BYTES));
  }

  /** An inode number within the body. */
  InodeId inodeAt(int at) {
    return inode(int64(at));
  }

  /** A size that is to be answered with or taken, at most {@code max}. */
  int sizeAt(int at, int max) {
    int size = int32(at);
    if (size < 0 || size > max) {
      throw new MalformedRequestException("size " + Integer.toUnsignedLong(size));
    }
    return size;
  }

  /** Where the text that begins here has its NUL. */
  private int textEnd(int at) {
    int from = place(at, 1);
    for (int i = from; i < end; i++) {
      if (bytes.get(i) == 0) {
        return i - InHeader.BYTES;
      }
    }
    throw new MalformedRequestException("a text without an end at " + at);
  }

  /** A text without its NUL. */
  byte[] text(int at) {
    byte[] text = new byte[textEnd(at) - at];
    bytes.get(InHeader.BYTES + at, text);
    return text;
  }

  /** Where the next thing begins after the text that begins here. */
  int afterText(int at) {
    return textEnd(at) + 1;
  }

  /**
   * A file name.
   *
   * @throws ErrnoException as {@link FileName#of} says
   */
  FileName name(int at) throws ErrnoException {
    return FileName.of(text(at));
  }

  /** Bytes of the body, valid until the next call or request. */
  ByteBuffer data(int at, int size) {
    int from = place(at, size);
    return data.limit(from + size).position(from);
  }
}
