package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.NodeId;
import io.pandofs.common.net.FrameServer;
import io.pandofs.common.net.NetThreads;
import io.pandofs.common.net.NettyConnections;
import io.pandofs.common.net.RemoteException;
import io.pandofs.meta.engine.ClusterView;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One node asks another for its last commit over the loopback device. */
final class LastSyncTest {
  private static final LastSync.Times PATIENT =
      new LastSync.Times(Duration.ofSeconds(60), Duration.ofSeconds(40), Duration.ofMillis(500));

  private final NetThreads threads = new NetThreads("last-sync-test", 1);
  private final NettyConnections connections =
      new NettyConnections(threads, NettyConnections.Limits.DEFAULT);
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private final AtomicInteger closed = new AtomicInteger();
  private final CountDownLatch slow = new CountDownLatch(1);
  private final HandClock clock = new HandClock();
  private volatile boolean leaving = true;
  private LastSync asked;
  private FrameServer server;

  @BeforeEach
  void listen() throws IOException {
    asked = new LastSync(connections, executor, () -> leaving, PATIENT, clock);
    server =
        FrameServer.bind(
            threads,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            asked,
            FrameServer.Limits.DEFAULT);
  }

  @AfterEach
  void close() {
    slow.countDown();
    server.close();
    connections.close();
    threads.close();
    executor.shutdownNow();
  }

  private ClusterView.Node node(String control) {
    return new ClusterView.Node(new NodeId(2), "n2", control, "", "", 0, true, true, false);
  }

  private boolean ask(LastSync.Times times) throws IOException, InterruptedException {
    return new LastSync(connections, executor, () -> false, times, clock)
        .ask(node("127.0.0.1:" + server.boundAddress().getPort()));
  }

  @Test
  void aMountThatHasCommittedAllIsGone() throws Exception {
    asked.mounted(stillLeaving -> closed.incrementAndGet());
    assertThat(ask(PATIENT)).isTrue();
    assertThat(closed).hasValue(1);
  }

  @Test
  void aNodeThatIsOnlySlowIsNotSilent() {
    asked.mounted(
        stillLeaving -> {
          try {
            assertThat(slow.await(60, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        });
    LastSync.Times hasty = new LastSync.Times(Duration.ofMillis(200), Duration.ZERO, Duration.ZERO);
    assertThatThrownBy(() -> ask(hasty))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(RemoteException.class);
  }

  @Test
  void aConnectionThatBreaksSaysNothing() {
    asked.mounted(stillLeaving -> server.close());
    assertThatThrownBy(() -> ask(PATIENT))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(RemoteException.class);
  }

  @Test
  void whereNobodyListensNobodyCommits() throws Exception {
    server.close();
    assertThat(ask(PATIENT)).isFalse();
    LastSync asking = new LastSync(connections, executor, () -> false, PATIENT, clock);
    assertThat(asking.ask(node(""))).isFalse();
  }

  @Test
  void aNodeThatIsNotToLeaveKeepsItsMount() {
    leaving = false;
    asked.mounted(stillLeaving -> closed.incrementAndGet());
    assertThatThrownBy(() -> ask(PATIENT))
        .isInstanceOf(RemoteException.class)
        .hasMessageContaining("not to leave");
    assertThat(closed).hasValue(0);
  }

  /** Whoever asked has given up meanwhile, and a drained node is to leave for ever. */
  @Test
  void aMountIsNotEndedForSomebodyWhoMayNotWaitAnyMore() throws Exception {
    AtomicInteger asks = new AtomicInteger();
    asked.mounted(
        stillLeaving -> {
          assertThat(stillLeaving.getAsBoolean()).isTrue();
          clock.advance(PATIENT.valid());
          asks.incrementAndGet();
          assertThat(stillLeaving.getAsBoolean()).isFalse();
        });
    assertThat(ask(PATIENT)).isTrue();
    assertThat(ask(PATIENT)).isTrue();
    assertThat(asks).hasValue(2);
  }
}
