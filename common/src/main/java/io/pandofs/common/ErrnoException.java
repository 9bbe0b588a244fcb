package io.pandofs.common;

/**
 * An expected failure on its way up to the caller of a system call. It has no stack trace: it is an
 * answer, not a fault.
 */
public class ErrnoException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  public ErrnoException(Errno errno) {
    this(errno, errno.name());
  }

  public ErrnoException(Errno errno, String message) {
    super(message, null, false, false);
    if (errno.isOk()) {
      throw new IllegalArgumentException("OK is not a failure");
    }
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }
}
