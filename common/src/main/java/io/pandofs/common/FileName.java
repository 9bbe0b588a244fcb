package io.pandofs.common;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A name within a directory: 1 to 255 bytes, anything but {@code /} and NUL, neither "." nor "..".
 * Bytes are kept as they came; they are decoded for display only.
 */
public final class FileName implements Comparable<FileName> {
  /** Linux's NAME_MAX. */
  public static final int BYTES_MAX = 255;

  private final byte[] bytes;

  private FileName(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * The name of these bytes, which are copied.
   *
   * @throws ErrnoException ENAMETOOLONG over 255 bytes, EINVAL for what cannot be a name
   */
  public static FileName of(byte[] bytes) throws ErrnoException {
    if (bytes.length > BYTES_MAX) {
      throw new ErrnoException(Errno.ENAMETOOLONG);
    }
    if (!isValid(bytes)) {
      throw new ErrnoException(Errno.EINVAL, "not a file name");
    }
    return new FileName(bytes.clone());
  }

  /** The name of this text in UTF-8; for names that the program itself makes, and for tests. */
  public static FileName ofText(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (!isValid(bytes) || bytes.length > BYTES_MAX) {
      throw new IllegalArgumentException("not a file name: " + text);
    }
    return new FileName(bytes);
  }

  private static boolean isValid(byte[] bytes) {
    if (bytes.length == 0 || isDots(bytes)) {
      return false;
    }
    for (byte b : bytes) {
      if (b == 0 || b == '/') {
        return false;
      }
    }
    return true;
  }

  private static boolean isDots(byte[] bytes) {
    return (bytes.length == 1 || bytes.length == 2)
        && bytes[0] == '.'
        && bytes[bytes.length - 1] == '.';
  }

  /** A copy of the bytes. */
  public byte[] toBytes() {
    return bytes.clone();
  }

  public int length() {
    return bytes.length;
  }

  @Override
  public int compareTo(FileName other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FileName name && Arrays.equals(bytes, name.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** For display: bytes that are not UTF-8 show as the replacement character. */
  @Override
  public String toString() {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
