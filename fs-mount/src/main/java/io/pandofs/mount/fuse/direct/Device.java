package io.pandofs.mount.fuse.direct;

import io.pandofs.common.Errno;
import io.pandofs.mount.fuse.LibC;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A descriptor of /dev/fuse: the first one, that the mount is made with, or a clone. What is read
 * from one must be answered on the same. Thread-safe; one thread at a time is the use of it.
 */
final class Device implements AutoCloseable {

  private static final String PATH = "/dev/fuse";

  /** O_RDWR and O_CLOEXEC. */
  private static final int OPEN_FLAGS = 02 | 02000000;

  /** FUSE_DEV_IOC_CLONE. */
  private static final long CLONE = 0x8004E500L;

  private static final int ECONNABORTED = 103;
  private static final int ENOTCONN = 107;

  private final DeviceLibrary library;
  private final int descriptor;

  /** Who may still answer on it. */
  private final AtomicInteger users = new AtomicInteger(1);

  private Device(DeviceLibrary library, int descriptor) {
    this.library = library;
    this.descriptor = descriptor;
  }

  static Device open(DeviceLibrary library) throws IOException {
    int descriptor = library.open(PATH, OPEN_FLAGS);
    if (descriptor < 0) {
      throw new IOException("cannot open " + PATH + ": errno " + LibC.errno());
    }
    return new Device(library, descriptor);
  }

  /** The device that this descriptor is of; owned from now on. */
  static Device of(DeviceLibrary library, int descriptor) {
    return new Device(library, descriptor);
  }

  /** Another descriptor of the same mount, with its own list of requests under way. */
  Device cloned() throws IOException {
    Device clone = open(library);
    if (library.ioctl(clone.descriptor, CLONE, new int[] {descriptor}) != 0) {
      int errno = LibC.errno();
      clone.close();
      throw new IOException("cannot clone " + PATH + ": errno " + errno);
    }
    return clone;
  }

  int descriptor() {
    return descriptor;
  }

  /**
   * Waits for a request and reads it.
   *
   * @return its length; empty when the mount has ended
   */
  OptionalInt read(NativeBytes into, int size) throws IOException {
    while (true) {
      long count = library.read(descriptor, into.address(), size);
      if (count >= 0) {
        return OptionalInt.of((int) count);
      }
      int errno = LibC.errno();
      if (errno == Errno.ENODEV.number() || errno == ECONNABORTED) {
        return OptionalInt.empty();
      }
      // ENOENT: the request was taken back while it was being read. ENOMEM: the kernel has answered
      // it with EIO itself (fuse_dev_do_read).
      if (errno != Errno.EINTR.number()
          && errno != Errno.EAGAIN.number()
          && errno != Errno.ENOMEM.number()
          && errno != Errno.ENOENT.number()) {
        throw new IOException("cannot read " + PATH + ": errno " + errno);
      }
    }
  }

  /** Writes an answer. Nothing happens if nobody waits for it any more, as when the mount ends. */
  void write(NativeBytes from, int size) throws IOException {
    while (true) {
      long count = library.write(descriptor, from.address(), size);
      if (count == size) {
        return;
      }
      int errno = LibC.errno();
      if (errno == Errno.ENOENT.number()
          || errno == Errno.ENODEV.number()
          || errno == ECONNABORTED) {
        return;
      }
      if (errno != Errno.EINTR.number()) {
        throw new IOException("cannot write an answer of " + size + " bytes: errno " + errno);
      }
    }
  }

  /**
   * Writes a notification.
   *
   * @return 0, or the kernel's errno: ENOENT if it does not have what it is about; 0 too when the
   *     mount has ended
   */
  int tell(NativeBytes from, int size) throws IOException {
    while (library.write(descriptor, from.address(), size) != size) {
      int errno = LibC.errno();
      if (errno == Errno.ENOENT.number()) {
        return errno;
      }
      if (errno == Errno.ENODEV.number() || errno == ENOTCONN || errno == ECONNABORTED) {
        return 0;
      }
      if (errno != Errno.EINTR.number()) {
        throw new IOException("cannot write a notification of " + size + " bytes: errno " + errno);
      }
    }
    return 0;
  }

  /** Stays open for one user more, until that closes it too. */
  void share() {
    users.incrementAndGet();
  }

  /** The last one to do so closes it; what is not answered by then never will be. */
  @Override
  public void close() {
    if (users.decrementAndGet() == 0) {
      library.close(descriptor);
    }
  }
}
