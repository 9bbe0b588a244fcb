package io.pandofs.mount.fuse;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Attributes;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.VolumeSpace;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the mount is, as the read-only attribute {@code user.pando.state} of its root, which is in no
 * table and is not listed.
 *
 * <p>The kernel asks for the root's attributes before it asks for an extended one of it, and
 * umount(8) for them and for the space. So while the mount lacks its majority these two are as they
 * were seen last: otherwise nobody could ask for the state just when it matters, nor unmount
 * without waiting. Thread-safe.
 */
public final class MountState {
  private static final Logger LOG = LoggerFactory.getLogger(MountState.class);
  private static final String NAME = "user.pando.state";

  private final Supplier<String> state;
  private final Seen<Attributes> root;
  private final Seen<VolumeSpace> space;

  /** A look at what other mounts may change; waits for a majority. */
  interface Look<T> {
    T now() throws ErrnoException;
  }

  /** What was seen last. */
  private static final class Seen<T> {
    private final Look<T> look;
    private volatile @Nullable T last;

    Seen(Look<T> look) {
      this.look = look;
      try {
        last = look.now();
      } catch (ErrnoException e) {
        LOG.info("a new mount cannot be looked at yet: {}", e.getMessage());
      }
    }

    T get(boolean mayBeOld) throws ErrnoException {
      T seen = last;
      if (seen != null && mayBeOld) {
        return seen;
      }
      T fresh = look.now();
      last = fresh;
      return fresh;
    }
  }

  /**
   * The state of a mount that is about to be made. Looks at it at once, as nobody else may do so
   * before the majority is gone; waits as any look does.
   *
   * @param state the word for it, see {@link MountOptions}; must not wait
   */
  public MountState(Supplier<String> state, Vfs vfs) {
    this(state, () -> vfs.namespace().attributes(InodeId.ROOT), vfs::statfs);
  }

  MountState(Supplier<String> state, Look<Attributes> root, Look<VolumeSpace> space) {
    this.state = state;
    this.root = new Seen<>(root);
    this.space = new Seen<>(space);
  }

  /** Whether an attribute of the root is this one. */
  public static boolean isState(String name) {
    return name.equals(NAME);
  }

  public byte[] value() {
    return state.get().getBytes(StandardCharsets.UTF_8);
  }

  /** The attributes of the root. */
  public Attributes root() throws ErrnoException {
    return root.get(isCutOff());
  }

  /** As {@link Vfs#statfs}. */
  public VolumeSpace space() throws ErrnoException {
    return space.get(isCutOff());
  }

  /** A session that is over is registered anew by a look. */
  private boolean isCutOff() {
    String now = state.get();
    return !now.equals(MountOptions.OK) && !now.equals(MountOptions.EXPIRED);
  }
}
