package io.pandofs.block.replication;

import static io.pandofs.block.replication.TestCluster.SESSION;
import static io.pandofs.block.replication.TestCluster.block;
import static io.pandofs.block.replication.TestCluster.bytes;
import static io.pandofs.block.replication.TestCluster.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.block.BlockMissingException;
import io.pandofs.block.net.BlockClient;
import io.pandofs.block.net.PutOutcome;
import io.pandofs.block.net.PutRequest;
import io.pandofs.block.net.RemoteBlock;
import io.pandofs.block.wire.PutHeader;
import io.pandofs.block.wire.ReadHeader;
import io.pandofs.common.Checksums;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.RemoteException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a block server makes of what peers send, right and wrong. */
class BlockServerTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int PUT = 1;
  private static final int READ = 2;

  private TestCluster cluster;
  private BlockClient client;
  private InetSocketAddress server;

  @BeforeEach
  void make() throws Exception {
    cluster = new TestCluster(node -> new MemoryBlocks());
    client = new BlockClient(cluster.node(4).connections);
    InetSocketAddress address = cluster.node(4).replication.peers().addressOf(new NodeId(1));
    assertThat(address).isNotNull();
    server = address;
  }

  @AfterEach
  void close() {
    cluster.close();
  }

  private void assertRefused(int method, byte[] header, ByteBuffer body) {
    CompletableFuture<Payload> call =
        cluster
            .node(4)
            .connections
            .call(server, method, Payload.of(ByteBuffer.wrap(header), body), LONG);
    assertThatThrownBy(() -> call.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(RemoteException.class);
    assertThat(cluster.node(1).store.usage().blocks()).isZero();
  }

  private static PutHeader.Builder goodPut(ByteBuffer body) {
    return PutHeader.newBuilder()
        .setBlock(block(1).value())
        .setSession(SESSION.value())
        .setPlacementEpoch(1)
        .setCrc32C(Checksums.crc32c(body));
  }

  @Test
  void aPutThatDoesNotAddUpIsRefused() throws Exception {
    ByteBuffer body = bytes(block(1), 1000);
    ByteBuffer none = ByteBuffer.allocate(0);
    ByteBuffer tooLong = ByteBuffer.allocate((4 << 20) + 1);
    assertRefused(PUT, goodPut(body).setCrc32C(7).build().toByteArray(), body);
    assertRefused(PUT, goodPut(none).build().toByteArray(), none);
    assertRefused(PUT, goodPut(tooLong).build().toByteArray(), tooLong);
    assertRefused(PUT, goodPut(body).setBlock(0).build().toByteArray(), body);
    assertRefused(PUT, goodPut(body).setBlock(-5).build().toByteArray(), body);
    assertRefused(PUT, goodPut(body).setSession(-1).build().toByteArray(), body);
    assertRefused(77, goodPut(body).build().toByteArray(), body);
    assertRefused(PUT, new byte[] {(byte) 0xff, 1, 2}, body);
    assertThat(put(1, SESSION, body)).isEqualTo(PutOutcome.STORED);
  }

  private PutOutcome put(long epoch, SessionId session, ByteBuffer body) throws Exception {
    PutRequest request = new PutRequest(session, block(1), epoch, Checksums.crc32c(body));
    return client.put(server, request, body, LONG).get(60, TimeUnit.SECONDS);
  }

  @Test
  void aPutIsFencedByWhatTheNodeHasApplied() throws Exception {
    ByteBuffer body = bytes(block(1), 1000);
    SessionId over = new SessionId(90);
    cluster.node(1).directory.end(over);
    assertThat(put(1, over, body)).isEqualTo(PutOutcome.SESSION_OVER);
    cluster.node(1).directory.place(replicas(5, 2, 3));
    assertThat(put(4, SESSION, body)).isEqualTo(PutOutcome.STALE_PLACEMENT);
    assertThat(put(5, SESSION, body)).isEqualTo(PutOutcome.STALE_PLACEMENT);
    assertThat(cluster.node(1).store.usage().blocks()).isZero();
    // The writer may know more than this node does.
    assertThat(put(6, SESSION, body)).isEqualTo(PutOutcome.STORED);
  }

  @Test
  void aReadThatDoesNotAddUpIsRefused() throws Exception {
    int[][] ranges = {{-1, 10}, {0, 0}, {0, -1}, {0, (4 << 20) + 1}, {4 << 20, 1}};
    ByteBuffer none = ByteBuffer.allocate(0);
    for (int[] range : ranges) {
      ReadHeader header =
          ReadHeader.newBuilder()
              .setBlock(block(1).value())
              .setOffset(range[0])
              .setLength(range[1])
              .build();
      assertRefused(READ, header.toByteArray(), none);
    }
    cluster.put(1, 1000);
    cluster.awaitHeld(1, 1);
    assertThatThrownBy(
            () -> client.read(server, block(1), 500, 501, LONG).get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(RemoteException.class);
    assertThatThrownBy(() -> client.read(server, block(2), 0, 1, LONG).get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(BlockMissingException.class);
    try (RemoteBlock whole =
        client.read(server, block(1), 0, 1000, LONG).get(60, TimeUnit.SECONDS)) {
      assertThat(whole.bytes()).isEqualTo(bytes(block(1), 1000));
      assertThat(whole.session()).isEqualTo(SESSION);
    }
  }

  @Test
  void randomHeadersHarmNobody() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    ByteBuffer body = bytes(block(1), 500);
    List<CompletableFuture<Payload>> calls = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      byte[] header = goodPut(body).build().toByteArray();
      header[random.nextInt(header.length)] ^= (byte) (1 << random.nextInt(8));
      Payload request =
          random.nextBoolean()
              ? Payload.of(ByteBuffer.wrap(header), ByteBuffer.allocate(random.nextInt(600)))
              : Payload.of(header);
      calls.add(cluster.node(4).connections.call(server, random.nextInt(4), request, LONG));
    }
    for (CompletableFuture<Payload> call : calls) {
      Payload answer = call.handle((payload, failure) -> payload).get(60, TimeUnit.SECONDS);
      if (answer != null) {
        answer.close();
      }
    }
    assertThat(put(1, SESSION, body)).as("seed %d", seed).isEqualTo(PutOutcome.STORED);
  }

  /** More bytes asked for at once than answers may hold: all come, in their turn. */
  @Test
  void readsWaitTheirTurn() throws Exception {
    int length = 3 << 20;
    cluster.put(1, length);
    cluster.awaitHeld(1, 1);
    List<CompletableFuture<RemoteBlock>> reads = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      reads.add(client.read(server, block(1), 0, length, LONG));
    }
    for (CompletableFuture<RemoteBlock> read : reads) {
      try (RemoteBlock got = read.get(60, TimeUnit.SECONDS)) {
        assertThat(got.bytes()).isEqualTo(bytes(block(1), length));
      }
    }
  }
}
