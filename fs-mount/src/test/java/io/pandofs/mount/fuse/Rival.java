package io.pandofs.mount.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.testing.LocalMetadataSession;
import io.pandofs.meta.testing.LocalTree;
import io.pandofs.mount.vfs.TestSession;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Another mount that is always quicker: whatever is made under a name that begins with {@link
 * #PREFIX} is removed, and something of another type put there, before the maker is answered. A
 * file and a directory are leased to their maker; for that the maker's session ends first.
 */
final class Rival {

  static final String PREFIX = "rivalled-";

  /** For files: not before the maker is answered, but before its mount looks at anything again. */
  static final String LATE_PREFIX = "later-rivalled-";

  /** For directories: replaced by another one each time that their mount is about to look. */
  static final String HUNTED_PREFIX = "hunted-";

  /**
   * For so many looks: more than a path that is resolved twice needs, fewer than eight times do.
   */
  private static final int HUNTS = 20;

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final LocalTree tree;
  private final LocalMetadataSession session;
  private final TestSession rivalled;
  private final AtomicReference<Operation.@Nullable Create> late = new AtomicReference<>();
  private final AtomicReference<Operation.@Nullable Create> hunted = new AtomicReference<>();
  private final AtomicInteger huntsLeft = new AtomicInteger();

  private Rival(LocalTree tree) {
    this.tree = tree;
    this.session = tree.newSession();
    this.rivalled = new TestSession(tree.newSession());
    rivalled.onApplied(this::follow);
    rivalled.onView(this::beforeLook);
  }

  /** A new session of the tree that has such a rival. */
  static TestSession beside(LocalTree tree) {
    return new Rival(tree).rivalled;
  }

  private void follow(Operation operation) {
    if (operation instanceof Operation.Create create) {
      if (create.name().toString().startsWith(LATE_PREFIX)) {
        late.set(create);
      } else if (create.name().toString().startsWith(HUNTED_PREFIX)) {
        huntsLeft.set(HUNTS);
        hunted.set(create);
      } else if (isOurs(create.name())) {
        replace(create);
      }
    }
    if (operation instanceof Operation.Link link && isOurs(link.name())) {
      submit(new Operation.Unlink(link.parent(), link.name()));
    }
  }

  private void beforeLook() {
    Operation.Create create = late.getAndSet(null);
    if (create != null) {
      replace(create);
    }
    Operation.Create prey = hunted.get();
    if (prey != null && huntsLeft.getAndDecrement() > 0) {
      submit(new Operation.RemoveDirectory(prey.parent(), prey.name()));
      tree.reap();
      make(prey, FileType.DIRECTORY);
    }
  }

  private void replace(Operation.Create create) {
    if (create.leased()) {
      tree.expire(rivalled.id());
    }
    if (create.type() == FileType.DIRECTORY) {
      submit(new Operation.RemoveDirectory(create.parent(), create.name()));
      make(create, FileType.SYMLINK);
    } else {
      submit(new Operation.Unlink(create.parent(), create.name()));
      tree.reap();
      make(create, FileType.DIRECTORY);
    }
  }

  private static boolean isOurs(FileName name) {
    return name.toString().startsWith(PREFIX);
  }

  private void make(Operation.Create rivalled, FileType type) {
    try {
      byte[] target = type == FileType.SYMLINK ? "elsewhere".getBytes(UTF_8) : null;
      submit(
          new Operation.Create(
              rivalled.parent(),
              rivalled.name(),
              session.nextInode(),
              type,
              0777,
              0,
              target,
              true));
    } catch (ErrnoException e) {
      throw new IllegalStateException(e);
    }
  }

  private void submit(Operation operation) {
    Request request = new Request(operation, Caller.ROOT, Timestamp.EPOCH);
    Reply reply = session.submit(request).join();
    while (reply.errno() == Errno.LEASED) {
      InodeId leased = Objects.requireNonNull(reply.attributes()).inode();
      Void unused = session.recall(new SessionId(reply.number()), leased, PATIENCE).join();
      reply = session.submit(request).join();
    }
    if (!reply.errno().isOk()) {
      throw new IllegalStateException(operation + ": " + reply.errno());
    }
  }
}
