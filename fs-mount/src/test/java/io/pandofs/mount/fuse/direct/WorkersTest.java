package io.pandofs.mount.fuse.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.CreateMode;
import io.pandofs.mount.fuse.MountOptions;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.Volume;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who reads, who serves, and who rests, with a kernel that is played. */
@Timeout(60)
class WorkersTest {

  private static final int O_RDWR = 2;
  private static final int EPERM = 1;
  private static final int EINTR = 4;
  private static final int EAGAIN = 11;
  private static final int ENOMEM = 12;

  private final Volume volume = new Volume();
  private final Vfs vfs = volume.mount();
  private final FakeKernel kernel = new FakeKernel();
  private Workers workers;
  private long handle;
  private long node;

  @BeforeEach
  void start() throws Exception {
    var opened =
        vfs.files()
            .create(Volume.USER, InodeId.ROOT, FileName.ofText("f"), CreateMode.of(0600), O_RDWR);
    handle = opened.handle();
    node = opened.attributes().inode().value();
    vfs.files().write(Volume.USER, handle, 0, ByteBuffer.wrap(new byte[] {1}));
    Dispatcher dispatcher = new Dispatcher(vfs, () -> MountOptions.OK, new CompletableFuture<>());
    workers = new Workers(dispatcher, Device.open(kernel), "test");
    workers.start();
  }

  @AfterEach
  void end() {
    volume.blocks().letGo();
    kernel.end();
    await().until(workers.ended()::isDone);
    volume.close();
  }

  private Bytes fsync() {
    return Bytes.request(20, node).int64(handle).int64(0);
  }

  private void sendBlocked(int count) {
    volume.blocks().hold();
    for (int i = 1; i <= count; i++) {
      kernel.send(1000 + i, fsync());
    }
  }

  @Test
  void requestsThatWaitKeepNoOthersWaiting() {
    sendBlocked(40);
    kernel.send(1, Bytes.request(3, 1).int64(0).int64(0));
    kernel.send(2, Bytes.request(2, node).int64(1));
    kernel.send(3, Bytes.request(1, 1).text("nothing"));
    await().until(() -> kernel.answer(1) != null && kernel.answer(3) != null);
    assertThat(kernel.answer(1)).isZero();
    assertThat(kernel.answer(3)).isEqualTo(-2);
    assertThat(kernel.answered()).isEqualTo(2);
    volume.blocks().letGo();
    await().until(() -> kernel.answered() == 42);
  }

  @Test
  void withoutClonesAllShareOneDescriptor() {
    kernel.refuseClones();
    requestsThatWaitKeepNoOthersWaiting();
    assertThat(kernel.descriptors()).hasSize(1);
    assertThat(kernel.strays()).isZero();
  }

  @Test
  void thereIsALimitAndWhatIsBeyondItWaitsWithTheKernel() {
    sendBlocked(Workers.WORKERS_MAX + 10);
    kernel.send(1, Bytes.request(3, 1).int64(0).int64(0));
    await().until(() -> kernel.waiting() == 11);
    assertThat(kernel.descriptors()).hasSize(Workers.WORKERS_MAX);
    assertThat(kernel.answered()).isZero();
    volume.blocks().letGo();
    await().until(() -> kernel.answered() == Workers.WORKERS_MAX + 11);
    assertThat(kernel.strays()).isZero();
  }

  @Test
  void afterAFloodMostRestAndComeBackWhenTheyAreNeeded() throws Exception {
    for (int round = 0; round < 20; round++) {
      vfs.files().write(Volume.USER, handle, 0, ByteBuffer.wrap(new byte[] {1}));
      sendBlocked(30);
      volume.blocks().letGo();
      for (int i = 1; i <= 30; i++) {
        kernel.send(2000 + i, Bytes.request(3, 1).int64(0).int64(0));
      }
      await().until(() -> kernel.answered() == 60);
      kernel.forgetAnswers();
    }
    assertThat(kernel.descriptors()).hasSizeLessThanOrEqualTo(Workers.WORKERS_MAX);
    assertThat(kernel.strays()).isZero();
  }

  @Test
  void theEndWakesThoseThatRest() throws Exception {
    sendBlocked(30);
    await().until(() -> kernel.waiting() == 0);
    volume.blocks().letGo();
    await().until(() -> kernel.answered() == 30);
    kernel.end();
    workers.ended().get(30, TimeUnit.SECONDS);
    assertThat(kernel.descriptors()).isEmpty();
  }

  @Test
  void afterAFloodMostGiveTheirMemoryBack() {
    sendBlocked(60);
    await().until(() -> kernel.waiting() == 0);
    assertThat(kernel.descriptors()).hasSizeGreaterThan(60);
    volume.blocks().letGo();
    await().until(() -> kernel.answered() == 60);
    // Those that read, those that rest, and the first, which is nobody's own.
    int kept = Workers.READERS_MAX + Workers.RESTING_MAX + 1;
    await().until(() -> kernel.descriptors().size() <= kept);
    requestsThatWaitKeepNoOthersWaitingAgain();
  }

  private void requestsThatWaitKeepNoOthersWaitingAgain() {
    kernel.forgetAnswers();
    sendBlocked(40);
    kernel.send(1, Bytes.request(3, 1).int64(0).int64(0));
    await().until(() -> kernel.answer(1) != null);
    assertThat(kernel.strays()).isZero();
  }

  @Test
  void wantOfMemoryInTheKernelEndsNothing() {
    for (int i = 1; i <= 10; i++) {
      kernel.failRead(ENOMEM);
      kernel.send(i, Bytes.request(3, 1).int64(0).int64(0));
    }
    await().until(() -> kernel.answered() == 10);
    assertThat(workers.failed()).isNotDone();
    requestsThatWaitKeepNoOthersWaitingAgain();
  }

  /** Also where nobody can tell the kernel so: it sees that when the last descriptor is closed. */
  @Test
  void aWorkerThatFailsEndsTheMountAndDoesNotCrippleIt() {
    sendBlocked(10);
    await().until(() -> kernel.waiting() == 0);
    kernel.failRead(EPERM);
    await().until(workers.failed()::isDone);
    volume.blocks().letGo();
    for (int i = 1; i <= 2 * Workers.READERS_MAX; i++) {
      kernel.send(i, Bytes.request(3, 1).int64(0).int64(0));
    }
    await().until(workers.ended()::isDone);
    assertThat(kernel.descriptors()).isEmpty();
    assertThat(kernel.answered()).isGreaterThanOrEqualTo(10);
  }

  /** The fatal signal of a process that is stopped, and makes it dump core, stays pending. */
  @Test
  void anInterruptThatIsReadBeforeItsRequestIsNotForgotten() throws Exception {
    Process killed = new ProcessBuilder("sleep", "60").start();
    try {
      Path status = Path.of("/proc/" + killed.pid() + "/status");
      signal("-STOP", killed);
      await().until(() -> Files.readString(status).contains("State:\tT"));
      signal("-ABRT", killed);
      await().until(() -> Signals.isBeingKilled((int) killed.pid()));
      Vfs other = volume.mount();
      var mine =
          other
              .files()
              .create(Volume.USER, InodeId.ROOT, FileName.ofText("g"), CreateMode.of(0600), 2);
      volume.blocks().hold();
      other.files().write(Volume.USER, mine.handle(), 0, ByteBuffer.wrap(new byte[] {1}));
      kernel.send(1, Bytes.request(36, 0).int64(1001));
      await().until(() -> kernel.answer(1) != null);
      assertThat(kernel.answer(1)).isEqualTo(-EAGAIN);
      kernel.send(1001, Bytes.request(1, 1).text("g").from(killed.pid()));
      await().until(() -> kernel.answer(1001) != null);
      assertThat(kernel.answer(1001)).isEqualTo(-EINTR);
    } finally {
      killed.destroyForcibly();
    }
  }

  private static void signal(String signal, Process process) throws Exception {
    new ProcessBuilder("kill", signal, Long.toString(process.pid())).start().waitFor();
  }

  @Test
  void whatCannotBeUnderstoodIsPassedOver() {
    kernel.send(1, Bytes.request(3, 0).int64(0).int64(0));
    kernel.send(2, Bytes.request(3, 1).int64(0).int64(0));
    await().until(() -> kernel.answer(1) != null && kernel.answer(2) != null);
    assertThat(kernel.answer(1)).isEqualTo(-5);
    assertThat(kernel.answer(2)).isZero();
  }
}
