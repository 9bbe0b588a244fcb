package io.pandofs.mount.fuse.direct;

/** What was read is not what the kernel's protocol says. The kernel never does that. */
final class MalformedRequestException extends RuntimeException {

  private static final long serialVersionUID = 1;

  MalformedRequestException(String message) {
    super(message);
  }
}
