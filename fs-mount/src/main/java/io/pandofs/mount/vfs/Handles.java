package io.pandofs.mount.vfs;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Numbers for what is open, never used twice. Thread-safe. */
final class Handles<H> {

  private final AtomicLong next = new AtomicLong(1);
  private final ConcurrentHashMap<Long, H> handles = new ConcurrentHashMap<>();

  long add(H handle) {
    long number = next.getAndIncrement();
    handles.put(number, handle);
    return number;
  }

  /**
   * What the number stands for.
   *
   * @throws ErrnoException EBADF if it stands for nothing
   */
  H get(long number) throws ErrnoException {
    H handle = handles.get(number);
    if (handle == null) {
      throw new ErrnoException(Errno.EBADF);
    }
    return handle;
  }

  H remove(long number) throws ErrnoException {
    H handle = handles.remove(number);
    if (handle == null) {
      throw new ErrnoException(Errno.EBADF);
    }
    return handle;
  }
}
