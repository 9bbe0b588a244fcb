package io.pandofs.mount.fuse;

/** Why a filesystem cannot be mounted; the message is one sentence for the user. */
public final class MountException extends Exception {

  private static final long serialVersionUID = 1;

  /** What is in the way. */
  public enum Reason {
    NO_FUSE_DEVICE,
    NO_LIBRARY,
    NO_PERMISSION,
    MISSING,
    NOT_A_DIRECTORY,
    NOT_EMPTY,
    ALREADY_MOUNTED,
    /** The machine or the process is set up in a way that cannot work. */
    UNSUITABLE,
    /** The kernel or the library refused; its own words are in the daemon's log. */
    REFUSED
  }

  private final Reason reason;

  public MountException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public MountException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
