package io.pandofs.mount.fuse.direct;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;
import org.jspecify.annotations.Nullable;

/** What {@link MountHelper} needs of the C library. */
public interface HelperLibrary {

  int socketpair(int domain, int type, int protocol, @Out int[] descriptors);

  /** recvmsg(2) with the address of a struct msghdr. */
  @ssize_t
  long recvmsg(int descriptor, @size_t long message, int flags);

  /** posix_spawnp(3): 0 or an errno. */
  @SuppressWarnings("checkstyle:MethodName")
  int posix_spawnp(
      @Out int[] pid,
      String file,
      @In @Nullable Pointer actions,
      @In @Nullable Pointer attributes,
      @In CharSequence[] arguments,
      @In CharSequence[] environment);

  int waitpid(int pid, @Out int[] status, int options);

  int close(int descriptor);

  static HelperLibrary load() {
    return LibraryLoader.create(HelperLibrary.class).load("c");
  }
}
