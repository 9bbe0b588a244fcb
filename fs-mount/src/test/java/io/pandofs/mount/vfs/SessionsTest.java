package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.testing.LocalTree;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** From one session to the next. */
class SessionsTest {

  private final LocalTree tree = new LocalTree();

  private static Thread start(Runnable task) {
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void awaitBlocked(Thread thread) {
    await().until(() -> thread.getState() == Thread.State.BLOCKED || !thread.isAlive());
  }

  @Test
  void nobodyUsesASessionBeforeWhatIsOpenIsHeldInIt() throws Exception {
    List<MetadataSession> given = new ArrayList<>();
    Sessions[] sessions = new Sessions[1];
    boolean[] early = new boolean[1];
    Sessions.Listener listener =
        new Sessions.Listener() {
          @Override
          public void lost(MetadataSession session) {}

          @Override
          public void renewed(MetadataSession session) {
            given.add(session);
            if (given.size() == 2) {
              FutureTask<MetadataSession> other = new FutureTask<>(() -> sessions[0].current());
              awaitBlocked(start(other));
              early[0] = other.isDone();
            }
          }
        };
    sessions[0] = new Sessions(tree::newSession, listener);
    tree.expire(given.get(0).id());
    MetadataSession second = sessions[0].current();
    assertThat(second).isSameAs(given.get(1));
    assertThat(early[0]).isFalse();
  }

  @Test
  void callsThatWaitForTheSameAttemptShareItsFailure() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    CountDownLatch majority = new CountDownLatch(1);
    List<MetadataSession> given = new ArrayList<>();
    SessionSource source =
        () -> {
          if (attempts.getAndIncrement() == 0) {
            given.add(tree.newSession());
            return given.get(0);
          }
          try {
            majority.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          throw new IOException("no leader");
        };
    Sessions sessions =
        new Sessions(
            source,
            new OpenFiles(
                new BufferPool(0),
                budget(),
                new LostData(),
                new KeptByKernel(),
                new SystemClock()));
    tree.expire(given.get(0).id());
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      FutureTask<Void> caller =
          new FutureTask<>(
              () -> {
                assertFails(Errno.EIO, sessions::current);
                return null;
              });
      callers.add(start(caller));
      if (i == 0) {
        await().until(() -> attempts.get() == 2);
      }
    }
    callers.subList(1, 4).forEach(SessionsTest::awaitBlocked);
    majority.countDown();
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(attempts).hasValue(2);
    assertFails(Errno.EIO, sessions::current);
    assertThat(attempts).hasValue(3);
  }

  private static WriteBudget budget() {
    return new WriteBudget(1 << 20, new SystemClock(), bytes -> {});
  }
}
