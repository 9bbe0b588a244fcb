package io.pandofs.mount.fuse.direct;

import jnr.ffi.LibraryLoader;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;

/** What the device needs of the C library; -1 and errno where a call fails. Thread-safe. */
public interface DeviceLibrary {

  int open(String path, int flags);

  int close(int descriptor);

  /** ioctl(2) whose argument is the address of an int. */
  int ioctl(int descriptor, @size_t long request, int[] argument);

  /** read(2) to an address. */
  @ssize_t
  long read(int descriptor, @size_t long address, @size_t long count);

  /** write(2) from an address. */
  @ssize_t
  long write(int descriptor, @size_t long address, @size_t long count);

  static DeviceLibrary load() {
    return LibraryLoader.create(DeviceLibrary.class).load("c");
  }
}
