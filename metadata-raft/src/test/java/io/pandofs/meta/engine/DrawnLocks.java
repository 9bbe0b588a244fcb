package io.pandofs.meta.engine;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileLock.Kind;
import io.pandofs.meta.FileLock.Type;
import io.pandofs.meta.Operation;
import java.util.Random;

/** Few owners, ranges and tickets, so that they meet. */
final class DrawnLocks {
  private static final int OWNERS = 2;
  private static final int BYTES = 4;
  private static final int TICKETS = 3;

  private DrawnLocks() {}

  /** Something that is done with locks of an inode. */
  static Operation draw(InodeId inode, Random random) {
    Kind kind = kind(random);
    int ticket = 1 + random.nextInt(TICKETS);
    int what = random.nextInt(8);
    if (what == 0) {
      return new Operation.CancelLock(inode, kind, ticket);
    }
    FileLock drawn = lock(kind, new SessionId(1), random);
    boolean waits = what == 1;
    return new Operation.SetLock(
        inode,
        kind,
        drawn.owner(),
        drawn.first(),
        drawn.last(),
        what > 4 ? null : drawn.type(),
        1,
        waits ? ticket : 0);
  }

  /** Some lock of a session. */
  static FileLock lock(SessionId session, Random random) {
    return lock(kind(random), session, random);
  }

  private static FileLock lock(Kind kind, SessionId session, Random random) {
    int first = random.nextInt(BYTES);
    boolean isWhole = kind == Kind.FLOCK || random.nextInt(4) == 0;
    return new FileLock(
        kind,
        session,
        random.nextInt(OWNERS),
        isWhole ? 0 : first,
        isWhole ? Long.MAX_VALUE : first + random.nextInt(BYTES),
        random.nextBoolean() ? Type.SHARED : Type.EXCLUSIVE,
        1);
  }

  private static Kind kind(Random random) {
    return random.nextInt(3) == 0 ? Kind.FLOCK : Kind.POSIX;
  }
}
