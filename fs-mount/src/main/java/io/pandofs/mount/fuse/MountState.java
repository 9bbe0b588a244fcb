package io.pandofs.mount.fuse;

import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Attributes;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How the mount is, as the read-only attribute {@code user.pando.state} of its root, which is in no
 * table and is not listed.
 *
 * <p>The kernel asks for the root's attributes before it asks for an extended one of it. So while
 * the mount lacks its majority the root's attributes are those that were seen last: otherwise
 * nobody could ask for the state just when it matters, nor unmount without waiting. Thread-safe.
 */
public final class MountState {
  private static final String NAME = "user.pando.state";

  private final Supplier<String> state;
  private volatile @Nullable Attributes root;

  /** A look at attributes. */
  public interface Look {
    Attributes attributes() throws ErrnoException;
  }

  public MountState(Supplier<String> state) {
    this.state = state;
  }

  /** Whether an attribute of the root is this one. */
  public static boolean isState(String name) {
    return name.equals(NAME);
  }

  public byte[] value() {
    return state.get().getBytes(StandardCharsets.UTF_8);
  }

  /** The attributes of the root. */
  public Attributes root(Look look) throws ErrnoException {
    Attributes last = root;
    String now = state.get();
    // A session that is over is registered anew by the look.
    if (last != null && !now.equals(MountOptions.OK) && !now.equals(MountOptions.EXPIRED)) {
      return last;
    }
    Attributes fresh = look.attributes();
    root = fresh;
    return fresh;
  }
}
