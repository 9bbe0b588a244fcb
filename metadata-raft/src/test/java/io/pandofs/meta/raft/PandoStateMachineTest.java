package io.pandofs.meta.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.DurableFiles;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Changes;
import io.pandofs.meta.rocksdb.RocksMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the state machine tells of its failures, and its checkpoints beside an install. */
class PandoStateMachineTest {
  @TempDir Path dir;

  private static final int ROUNDS = 10;

  private final List<String> faults = Collections.synchronizedList(new ArrayList<>());
  private final AtomicBoolean breaks = new AtomicBoolean();
  private final AppliedGate applied = new AppliedGate();
  private RocksMemory memory;
  private LiveTables tables;
  private Checkpoints checkpoints;
  private PandoStateMachine machine;
  private long index;

  private final class Faults implements PandoStateMachine.Faults {
    @Override
    public void failed(String what, @Nullable Throwable cause) {
      faults.add(what + ": " + cause);
    }

    @Override
    public void interrupted(String why) {
      faults.add("interrupted: " + why);
    }

    @Override
    public void removed() {
      faults.add("removed");
    }

    @Override
    public void unvoted() {
      faults.add("unvoted");
    }

    @Override
    public void ended() {
      faults.add("ended");
    }
  }

  private final class Watcher implements ApplyListener {
    @Override
    public void changing(long index, Set<InodeId> inodes) {
      if (breaks.get()) {
        throw new StackOverflowError("planted");
      }
    }

    @Override
    public void over(Collection<SessionId> sessions) {}

    @Override
    public void applied(long index, boolean isPublic, Changes changes) {}

    @Override
    public void members(Set<NodeId> nodes) {}

    @Override
    public void replacing(long checkpoint) {}

    @Override
    public void replaced(long index) {}
  }

  @BeforeEach
  void open() throws IOException {
    memory = new RocksMemory(16 << 20, 8 << 20);
    tables = LiveTables.open(Files.createDirectories(dir.resolve("meta")), memory);
    checkpoints = new Checkpoints(dir.resolve("meta"));
    checkpoints.prepare();
    machine =
        new PandoStateMachine(
            new NodeId(1),
            tables,
            checkpoints,
            applied,
            new TableHashes(Runnable::run),
            new LeaderEvents(),
            new ReplicaListener() {},
            new Watcher(),
            new Faults());
    run();
  }

  @AfterEach
  void close() {
    tables.close();
    memory.close();
  }

  private void run() {
    machine.getLifeCycle().transition(LifeCycle.State.STARTING);
    machine.getLifeCycle().transition(LifeCycle.State.RUNNING);
  }

  private void apply() {
    machine.notifyTermIndexUpdated(1, ++index);
  }

  @Test
  void anErrorAtAnEntryIsTold() {
    breaks.set(true);
    assertThatThrownBy(this::apply).isInstanceOf(StackOverflowError.class);
    assertThat(faults).singleElement().asString().contains("could not be applied", "planted");
  }

  /** As it comes: a whole checkpoint in a directory of its own. */
  private void arrive() throws IOException {
    apply();
    Path made = checkpoints.directory(TermIndex.valueOf(1, machine.takeSnapshot()));
    Path arrived = Files.createDirectories(dir.resolve("meta/arriving/one"));
    DurableFiles.cloneDirectory(made, arrived.resolve("1_9"), ".sst", Checkpoints.DIGEST_SUFFIX);
  }

  @Test
  void noCheckpointIsMadeWhileAnInstallReplacesThem() throws IOException {
    arrive();
    machine.pause();
    Files.move(dir.resolve("meta/checkpoints"), dir.resolve("meta/checkpoints.old"));
    apply();
    assertThat(machine.takeSnapshot()).isEqualTo(1);
    assertThat(faults).isEmpty();
  }

  /** As when the disk gives an error at the renaming: the leader sends it again. */
  @Test
  void aCheckpointThatDidNotGetItsNameInterruptsTheReplica() throws IOException {
    arrive();
    machine.pause();
    assertThatThrownBy(machine::pause).isInstanceOf(IllegalStateException.class);
    assertThat(faults).singleElement().asString().startsWith("interrupted: ").contains("name");
  }

  @Test
  void anInstallWaitsForTheCheckpointThatIsBeingMade() throws Exception {
    arrive();
    for (int round = 0; round < ROUNDS; round++) {
      CountDownLatch begun = new CountDownLatch(1);
      CompletableFuture<Void> making =
          CompletableFuture.runAsync(
              () -> {
                while (machine.getLifeCycleState() == LifeCycle.State.RUNNING) {
                  apply();
                  begun.countDown();
                  try {
                    machine.takeSnapshot();
                  } catch (IOException e) {
                    return; // it is among the faults
                  }
                }
              });
      assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
      machine.pause();
      Files.move(dir.resolve("meta/checkpoints"), dir.resolve("meta/checkpoints." + round));
      making.get(30, TimeUnit.SECONDS);
      assertThat(faults).isEmpty();
      checkpoints.prepare();
      run();
    }
  }

  @Test
  void itTellsWhenItIsClosed() {
    machine.close();
    assertThat(faults).containsExactly("ended");
  }
}
