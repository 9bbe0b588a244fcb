package io.pandofs.mount.fuse;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.IgnoreError;
import jnr.ffi.types.size_t;
import org.jspecify.annotations.Nullable;

/** What the transports call of the C library. */
public interface LibC {

  /** umount2(2) flag: take it out of the tree now, end it when nobody uses it any more. */
  int MNT_DETACH = 2;

  /** umount2(2): 0, or -1 and errno. */
  @SuppressWarnings("checkstyle:MethodName")
  int umount2(String target, int flags);

  /** mount(2): 0, or -1 and errno. */
  int mount(String source, String target, String type, @size_t long flags, @Nullable String data);

  int geteuid();

  /** clock_gettime(2) into a struct timespec: 0, or -1. */
  @IgnoreError
  @SuppressWarnings("MemberName") // the C library's
  int clock_gettime(int clock, Pointer time);

  static LibC load() {
    return LibraryLoader.create(LibC.class).load("c");
  }

  /** errno of this thread's last call. */
  static int errno() {
    return Runtime.getSystemRuntime().getLastError();
  }
}
