package io.pandofs.mount.fuse.direct;

import io.pandofs.common.Errno;
import io.pandofs.mount.fuse.LibC;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Mounts for a user who is not root, by fusermount3(1): it opens the device, mounts it, and passes
 * the descriptor back over a socket whose number it finds in its environment (libfuse's
 * lib/mount.c). What it complains about goes to standard error.
 */
final class MountHelper {

  private static final String PROGRAM = "fusermount3";
  private static final String SOCKET_VARIABLE = "_FUSE_COMMFD";

  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;

  /** struct msghdr, then the iovec, the control message, and a byte of data (64 bit Linux). */
  private static final int IOVEC = 64;

  private static final int CONTROL = 96;
  private static final int CONTROL_BYTES = 24;
  private static final int DATA = 128;
  private static final int MESSAGE_BYTES = 136;

  private final HelperLibrary library;

  MountHelper(HelperLibrary library) {
    this.library = library;
  }

  /**
   * Mounts.
   *
   * @param mountOptions as {@code -o} has them
   * @return the descriptor of the device
   */
  int mount(Path place, String mountOptions) throws IOException {
    int[] sockets = new int[2];
    if (library.socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) {
      throw new IOException("no pair of sockets: errno " + LibC.errno());
    }
    int pid = 0;
    try {
      try {
        pid = spawn(place, mountOptions, sockets[0]);
      } finally {
        library.close(sockets[0]);
      }
      return receive(sockets[1]);
    } finally {
      library.close(sockets[1]);
      if (pid != 0) {
        await(pid);
      }
    }
  }

  /** The child inherits the socket: it is not closed on exec. */
  private int spawn(Path place, String mountOptions, int socket) throws IOException {
    int[] pid = new int[1];
    CharSequence[] arguments = {PROGRAM, "-o", mountOptions, "--", place.toString()};
    CharSequence[] environment = {
      SOCKET_VARIABLE + "=" + socket,
      "PATH=" + System.getenv().getOrDefault("PATH", "/usr/bin:/bin")
    };
    int errno = library.posix_spawnp(pid, PROGRAM, null, null, arguments, environment);
    if (errno != 0) {
      throw new IOException("cannot run " + PROGRAM + ": errno " + errno);
    }
    return pid[0];
  }

  private int receive(int socket) throws IOException {
    try (NativeBytes memory = new NativeBytes(MESSAGE_BYTES)) {
      ByteBuffer message = memory.buffer().order(ByteOrder.nativeOrder());
      message.put(new byte[MESSAGE_BYTES]);
      message.putLong(16, memory.address() + IOVEC).putLong(24, 1);
      message.putLong(32, memory.address() + CONTROL).putLong(40, CONTROL_BYTES);
      message.putLong(IOVEC, memory.address() + DATA).putLong(IOVEC + 8, 1);
      long count;
      do {
        count = library.recvmsg(socket, memory.address(), MSG_CMSG_CLOEXEC);
      } while (count < 0 && LibC.errno() == Errno.EINTR.number());
      boolean passed =
          count > 0
              && message.getInt(CONTROL + 8) == SOL_SOCKET
              && message.getInt(CONTROL + 12) == SCM_RIGHTS;
      if (!passed) {
        throw new IOException(PROGRAM + " refuses; its words are in the log");
      }
      return message.getInt(CONTROL + 16);
    }
  }

  private void await(int pid) {
    int[] status = new int[1];
    int ended;
    do {
      ended = library.waitpid(pid, status, 0);
    } while (ended < 0 && LibC.errno() == Errno.EINTR.number());
  }
}
