package io.pandofs.mount.fuse.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.Errno;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Changes;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Request;
import io.pandofs.mount.vfs.AttributeChange;
import io.pandofs.mount.vfs.TestClock;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.Volume;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the kernel is let keep, and told to forget. */
class KernelAttributesTest {
  private static final int READ_WRITE = 2;
  private static final int KEPT = 80_000_000;

  private final Volume volume = new Volume();
  private final Vfs here = volume.mount();
  private final Vfs there = volume.mount();
  private final FakeKernel device = new FakeKernel();
  private final LookupCounts lookups = new LookupCounts();
  private final TestClock clock = new TestClock();
  private final KernelAttributes kernel = new KernelAttributes(here, lookups, clock);
  private final ByteBuffer memory = ByteBuffer.allocateDirect(4096).order(ByteOrder.nativeOrder());
  private final Reply out = new Reply(memory);
  private InodeId directory;
  private InodeId file;

  @BeforeEach
  void start() throws Exception {
    volume.tree().keep(Duration.ofMillis(100));
    kernel.begin(new Notifier(Device.open(device)));
    directory =
        there.namespace().makeDirectory(Volume.USER, InodeId.ROOT, name("d"), mode()).inode();
    var opened = there.files().create(Volume.USER, directory, name("f"), mode(), READ_WRITE);
    there.files().release(opened.handle());
    file = opened.attributes().inode();
    // Which recalls the lease that it was born with.
    Attributes unused = here.namespace().lookup(directory, name("f"));
  }

  @AfterEach
  void end() {
    volume.close();
  }

  private static FileName name(String text) {
    return FileName.ofText(text);
  }

  private static CreateMode mode() {
    return CreateMode.of(0755);
  }

  /** Answers a LOOKUP of the file; in nanoseconds, for how long the kernel may keep it. */
  private int lookUp(Runnable meanwhile) throws Exception {
    final long begun = kernel.begun();
    out.clear();
    Attributes found = here.namespace().lookup(directory, name("f"));
    lookups.add(found.inode().value());
    out.entry(found);
    out.tells(found, directory);
    meanwhile.run();
    kernel.answer(out, begun, () -> {});
    assertThat(memory.getLong(16 + 16)).as("the name").isZero();
    assertThat(memory.getLong(16 + 24)).isZero();
    return memory.getInt(16 + 36);
  }

  private void chmod(Vfs vfs, InodeId inode, int permissions) throws Exception {
    Attributes unused =
        vfs.namespace()
            .change(
                Volume.USER, inode, new AttributeChange(permissions, null, null, null, null, null));
  }

  @Test
  void whatIsKeptIsForgottenBeforeAChangeIsAnswered() throws Exception {
    assertThat(lookUp(() -> {})).isEqualTo(KEPT);
    assertThat(device.forgotten()).isEmpty();
    chmod(there, file, 0700);
    assertThat(device.forgotten()).contains(file.value());
  }

  @Test
  void anAnswerThatAChangeOvertakesIsNotKept() throws Exception {
    assertThat(lookUp(() -> kernel.drop(Set.of(file), Set.of()))).isZero();
    assertThat(lookUp(() -> kernel.drop(Set.of(), Set.of(directory)))).isZero();
    assertThat(lookUp(kernel::dropAll)).isZero();
  }

  @Test
  void nothingIsKeptOfAFileThatIsOpen() throws Exception {
    assertThat(lookUp(() -> {})).isEqualTo(KEPT);
    long handle = here.files().open(Volume.USER, file, READ_WRITE).handle();
    kernel.opened(file);
    assertThat(device.forgotten()).containsExactly(file.value());
    assertThat(lookUp(() -> {})).isZero();
    chmod(there, file, 0700);
    assertThat(device.forgotten()).as("once").containsExactly(file.value());
    here.files().release(handle);
  }

  /** From then on that mount changes it ahead of the log, which nobody is told. */
  @Test
  void whatLiesInADirectoryIsForgottenWhenAnotherMountGetsItsLease() throws Exception {
    assertThat(lookUp(() -> {})).isEqualTo(KEPT);
    Operation lease = new Operation.AcquireLease(directory);
    io.pandofs.meta.Reply granted =
        volume.tree().newSession().submit(new Request(lease, Caller.ROOT, Timestamp.EPOCH)).join();
    assertThat(granted.errno()).isEqualTo(Errno.OK);
    assertThat(device.forgotten()).contains(file.value());
  }

  @Test
  void whatIsChangedAheadIsForgottenBeforeThatIsAnswered() throws Exception {
    for (int i = 0; i < 3; i++) {
      here.namespace().makeDirectory(Volume.USER, directory, name("e" + i), mode());
    }
    await().until(() -> volume.tree().holder(directory) != null);
    assertThat(lookUp(() -> {})).isEqualTo(KEPT);
    chmod(here, file, 0700);
    assertThat(device.forgotten()).contains(file.value());
  }

  /** The kernel has an inode when it has taken the answer in: until then it forgets nothing. */
  @Test
  void whatIsOnItsWayToTheKernelIsWaitedFor() throws Exception {
    assertThat(lookUp(() -> {})).isEqualTo(KEPT);
    device.knowsNothing(true);
    CompletableFuture<Void> dropped = kernel.drop(Set.of(file), Set.of());
    assertThat(dropped).isNotDone();
    device.knowsNothing(false);
    await().atMost(Duration.ofSeconds(10)).until(dropped::isDone);
    assertThat(device.forgotten()).contains(file.value());
  }

  @Test
  void whatTheKernelHasLetGoOfIsForgotten() throws Exception {
    assertThat(lookUp(() -> {})).isEqualTo(KEPT);
    device.knowsNothing(true);
    lookups.forget(file.value(), 1);
    assertThat(kernel.drop(Set.of(file), Set.of())).isDone();
  }

  @Test
  void anAnswerThatIsBeingWrittenIsForgottenAfterwards() throws Exception {
    Attributes found = here.namespace().lookup(directory, name("f"));
    long begun = kernel.begun();
    out.clear();
    out.entry(found);
    out.tells(found, directory);
    Thread dropping = new Thread(() -> kernel.drop(Set.of(file), Set.of()));
    kernel.answer(
        out,
        begun,
        () -> {
          dropping.start();
          await().until(() -> dropping.getState() == Thread.State.WAITING);
          assertThat(device.forgotten()).isEmpty();
        });
    dropping.join();
    assertThat(device.forgotten()).containsExactly(file.value());
  }

  @Test
  void whatTheKernelCannotBeToldIsWaitedOut() throws Exception {
    assertThat(lookUp(() -> {})).isEqualTo(KEPT);
    device.refuses(true);
    CompletableFuture<Void> dropped = kernel.drop(Set.of(file), Set.of());
    clock.pass(Duration.ofMillis(99));
    assertThat(lookUp(() -> {})).as("not again before that").isZero();
    assertThat(dropped).isNotDone();
    clock.pass(Duration.ofMillis(1));
    await().atMost(Duration.ofSeconds(10)).until(dropped::isDone);
    assertThat(device.forgotten()).isEmpty();
    device.refuses(false);
    await().atMost(Duration.ofSeconds(10)).until(() -> device.forgotten().contains(file.value()));
  }

  @Test
  void aKernelThatDoesNotForgetKeepsNothing() throws Exception {
    kernel.forgets(false);
    assertThat(lookUp(() -> {})).isZero();
  }

  /** It may have been worked out from what was old. */
  @Test
  void anAnswerThatWasBegunWithoutTheRightToItIsNotKept() throws Exception {
    volume.tree().keep(Duration.ZERO);
    assertThat(lookUp(() -> volume.tree().keep(Duration.ofMillis(100)))).isZero();
  }

  @Test
  void whatIsDoneAheadMayChangeSeveral() throws Exception {
    for (int i = 0; i < 3; i++) {
      here.namespace().makeDirectory(Volume.USER, directory, name("e" + i), mode());
    }
    await().until(() -> volume.tree().holder(directory) != null);
    assertThat(tell(here.namespace().attributes(directory))).isEqualTo(KEPT);
    assertThat(lookUp(() -> {})).isEqualTo(KEPT);
    here.namespace().unlink(Volume.USER, directory, name("f"));
    assertThat(device.forgotten()).contains(directory.value(), file.value());
  }

  @Test
  void whatASessionDidNotSendIsForgottenWithAllElse() throws Exception {
    assertThat(lookUp(() -> {})).isEqualTo(KEPT);
    volume.tree().tell(new Changes(Set.of(), Map.of(), true));
    assertThat(device.forgotten()).contains(file.value());
  }

  @Test
  void noMoreIsKeptThanIsNoted() throws Exception {
    Attributes found = here.namespace().attributes(file);
    for (long i = 1; i <= 16384; i++) {
      assertThat(tell(numbered(found, i))).isEqualTo(KEPT);
    }
    assertThat(tell(numbered(found, 16385))).isZero();
    clock.pass(Duration.ofMillis(301));
    for (long i = 1; i <= 1024; i++) {
      tell(numbered(found, 16385));
    }
    assertThat(tell(numbered(found, 16385))).as("after a sweep").isEqualTo(KEPT);
  }

  private static Attributes numbered(Attributes like, long number) {
    return new Attributes(
        new InodeId(number + 1_000_000),
        like.type(),
        like.permissions(),
        like.uid(),
        like.gid(),
        like.links(),
        like.sizeBytes(),
        like.allocatedBytes(),
        like.device(),
        like.accessed(),
        like.modified(),
        like.changed(),
        like.born());
  }

  /** Answers a GETATTR. */
  private int tell(Attributes attributes) throws Exception {
    final long begun = kernel.begun();
    lookups.add(attributes.inode().value());
    out.clear();
    out.attributes(attributes);
    out.tells(attributes, null);
    kernel.answer(out, begun, () -> {});
    assertThat(memory.getLong(16)).isZero();
    return memory.getInt(16 + 8);
  }

  @Test
  void nothingIsKeptBeyondTheMount() throws Exception {
    kernel.end();
    assertThat(lookUp(() -> {})).isZero();
    chmod(there, file, 0700);
    assertThat(device.forgotten()).isEmpty();
  }
}
