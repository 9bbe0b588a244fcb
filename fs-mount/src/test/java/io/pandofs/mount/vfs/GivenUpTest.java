package io.pandofs.mount.vfs;

import static io.pandofs.mount.vfs.Failures.assertFails;
import static io.pandofs.mount.vfs.Volume.USER;
import static io.pandofs.mount.vfs.Volume.close;
import static io.pandofs.mount.vfs.Volume.create;
import static io.pandofs.mount.vfs.Volume.find;
import static io.pandofs.mount.vfs.Volume.name;
import static io.pandofs.mount.vfs.Volume.open;
import static io.pandofs.mount.vfs.Volume.readAll;
import static io.pandofs.mount.vfs.Volume.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.Waits;
import io.pandofs.meta.CreateMode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever is killed while nothing is answered need not wait for the end of the patience. */
@Timeout(60)
class GivenUpTest {

  private final Volume volume = new Volume();
  private final TestSession session = new TestSession(volume.tree.newSession());
  private final Vfs vfs = volume.mount(Volume.CALM, () -> session);
  private final CompletableFuture<Void> majority = new CompletableFuture<>();

  @AfterEach
  void end() {
    majority.complete(null);
    volume.close();
  }

  /** A call that would go on waiting. */
  private interface Call {
    void make() throws Exception;
  }

  /** Makes the call on a thread of its own, and gives it up once it waits. */
  private void givenUp(Call call) throws Exception {
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                assertFails(Errno.EINTR, call::make);
                interrupted.complete(Thread.currentThread().isInterrupted());
              } catch (Exception | AssertionError e) {
                interrupted.completeExceptionally(e);
              }
            });
    caller.start();
    await()
        .until(
            () ->
                caller.getState() == Thread.State.WAITING
                    || caller.getState() == Thread.State.TIMED_WAITING
                    || interrupted.isDone());
    assertThat(interrupted).isNotDone();
    Waits.giveUp(caller);
    assertThat(interrupted.get(20, TimeUnit.SECONDS)).isFalse();
    Waits.finished(caller);
  }

  @Test
  void whoWaitsForTheLogIsLetGoAndTheChangeMayComeAbout() throws Exception {
    session.majorityAfter(majority);
    givenUp(
        () -> vfs.namespace().makeDirectory(USER, InodeId.ROOT, name("d"), CreateMode.of(0755)));
    majority.complete(null);
    assertThat(find(vfs, "d").isDirectory()).isTrue();
  }

  @Test
  void whoWaitsForAViewIsLetGo() throws Exception {
    close(vfs, create(vfs, "f"));
    session.majorityAfter(majority);
    givenUp(() -> find(vfs, "f"));
    majority.complete(null);
    assertThat(find(vfs, "f").sizeBytes()).isZero();
  }

  /** The log gives it all the same; nobody knows of it here, and others get it. */
  @Test
  void whoWaitsForALeaseFromTheLogIsLetGo() throws Exception {
    long handle = create(vfs, "f");
    close(vfs, handle);
    Vfs there = volume.mount();
    long theirs = open(there, "f", OpenFlags.READ_WRITE);
    write(there, theirs, 0, "yours");
    close(there, theirs);
    long mine = open(vfs, "f", OpenFlags.READ_WRITE);
    session.majorityAfter(majority);
    givenUp(() -> write(vfs, mine, 0, "mine"));
    majority.complete(null);
    assertThat(readAll(there, "f")).isEqualTo("yours");
    write(vfs, mine, 0, "mine");
    assertThat(readAll(there, "f")).isEqualTo("mines");
    close(vfs, mine);
  }

  /** Otherwise an append would find its place in what the log is about to cut off. */
  @Test
  void whoHasSentATruncateOfAnOpenFileIsNotLetGo() throws Exception {
    long handle = create(vfs, "f");
    session.majorityAfter(majority);
    CompletableFuture<Void> truncated = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                vfs.files().truncate(USER, handle, 10);
                truncated.complete(null);
              } catch (Exception | AssertionError e) {
                truncated.completeExceptionally(e);
              }
            });
    caller.start();
    await().until(() -> caller.getState() == Thread.State.WAITING);
    Waits.giveUp(caller);
    await().during(Duration.ofMillis(200)).until(() -> !truncated.isDone());
    majority.complete(null);
    truncated.get(20, TimeUnit.SECONDS);
    Waits.finished(caller);
    close(vfs, handle);
  }

  @Test
  void whoWaitsForTheCommitOfDataIsLetGoAndNothingIsLost() throws Exception {
    long handle = create(vfs, "f");
    volume.blocks.hold();
    write(vfs, handle, 0, "kept");
    givenUp(() -> vfs.files().fsync(handle));
    volume.blocks.letGo();
    vfs.files().fsync(handle);
    close(vfs, handle);
    assertThat(readAll(volume.mount(), "f")).isEqualTo("kept");
  }
}
