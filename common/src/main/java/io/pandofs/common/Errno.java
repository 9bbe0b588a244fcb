package io.pandofs.common;

/**
 * The expected failures of an operation, with Linux's numbers (asm-generic/errno-base.h and
 * errno.h) but for {@link #LEASED}. They are values, may be replicated, and are turned into the
 * kernel's negative numbers in one place of each transport.
 */
public enum Errno {
  OK(0),
  EPERM(1),
  ENOENT(2),
  EINTR(4),
  EIO(5),
  ENXIO(6),
  E2BIG(7),
  EBADF(9),
  EAGAIN(11),
  ENOMEM(12),
  EACCES(13),
  EFAULT(14),
  EBUSY(16),
  EEXIST(17),
  EXDEV(18),
  ENODEV(19),
  ENOTDIR(20),
  EISDIR(21),
  EINVAL(22),
  ENFILE(23),
  EMFILE(24),
  ENOTTY(25),
  ETXTBSY(26),
  EFBIG(27),
  ENOSPC(28),
  ESPIPE(29),
  EROFS(30),
  EMLINK(31),
  ERANGE(34),
  EDEADLK(35),
  ENAMETOOLONG(36),
  ENOLCK(37),
  ENOSYS(38),
  ENOTEMPTY(39),
  ELOOP(40),
  ENODATA(61),
  EOVERFLOW(75),
  EOPNOTSUPP(95),
  ETIMEDOUT(110),
  ESTALE(116),
  EDQUOT(122),

  /**
   * Pando's own, never the kernel's: another live session holds a lease on an inode of the
   * operation. It is asked to give the lease back, and the operation is made again.
   */
  LEASED(600);

  private static final Errno[] BY_NUMBER = new Errno[601];

  static {
    for (Errno errno : values()) {
      BY_NUMBER[errno.number] = errno;
    }
  }

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  /** The positive number of the kernel's headers; 0 for {@link #OK}. */
  public int number() {
    return number;
  }

  /** What the caller of a system call is told: EIO for what is none of the kernel's. */
  public Errno told() {
    return this == LEASED ? EIO : this;
  }

  public boolean isOk() {
    return this == OK;
  }

  /** The errno with this number; {@link #EIO} for a number that Pando does not use. */
  public static Errno ofNumber(int number) {
    if (number < 0 || number >= BY_NUMBER.length) {
      return EIO;
    }
    Errno errno = BY_NUMBER[number];
    return errno == null ? EIO : errno;
  }
}
