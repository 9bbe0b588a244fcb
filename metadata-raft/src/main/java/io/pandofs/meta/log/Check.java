package io.pandofs.meta.log;

import com.google.protobuf.ByteString;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;

/** What must hold of anything that comes in. */
final class Check {
  private Check() {}

  static void that(boolean holds, String otherwise) throws MalformedException {
    if (!holds) {
      throw new MalformedException(otherwise);
    }
  }

  /** 1 to 2^63-1. */
  static long number(long value) throws MalformedException {
    that(value > 0, "a number out of range");
    return value;
  }

  /** 0 to 2^63-1. */
  static long count(long value) throws MalformedException {
    that(value >= 0, "a number out of range");
    return value;
  }

  /** 0 to 2^31-1. */
  static int small(int value) throws MalformedException {
    that(value >= 0, "a number out of range");
    return value;
  }

  static InodeId inode(long value) throws MalformedException {
    return new InodeId(number(value));
  }

  static FileName name(ByteString bytes) throws MalformedException {
    try {
      return FileName.of(bytes.toByteArray());
    } catch (ErrnoException e) {
      throw new MalformedException("not a file name", e);
    }
  }

  /** Bytes of a limited length. */
  static byte[] bytes(ByteString bytes, int max) throws MalformedException {
    that(bytes.size() <= max, "more bytes than there may be");
    return bytes.toByteArray();
  }
}
