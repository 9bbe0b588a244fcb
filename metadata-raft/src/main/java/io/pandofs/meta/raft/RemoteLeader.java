package io.pandofs.meta.raft;

import io.pandofs.common.NodeId;
import io.pandofs.common.net.Connections;
import io.pandofs.common.net.Payload;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogReply;
import io.pandofs.meta.log.MalformedException;
import io.pandofs.meta.wire.ConfirmAnswer;
import io.pandofs.meta.wire.ConfirmRequest;
import io.pandofs.meta.wire.ControlAnswer;
import io.pandofs.meta.wire.ReadIndexAnswer;
import io.pandofs.meta.wire.ReadIndexRequest;
import io.pandofs.meta.wire.RenewAnswer;
import io.pandofs.meta.wire.RenewRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;

/** The leader on another node, asked over its control service. */
final class RemoteLeader implements LeaderCalls {
  private static final Duration PROPOSE_DEADLINE = Duration.ofSeconds(5);
  private static final Duration READ_DEADLINE = Duration.ofSeconds(2);

  private final NodeId self;
  private final Connections connections;
  private final InetSocketAddress address;
  private final LongConsumer onReleased;

  /**
   * @param self the asking node
   * @param onReleased told of an index when an answer says that it is released
   */
  RemoteLeader(
      NodeId self, Connections connections, InetSocketAddress address, LongConsumer onReleased) {
    this.self = self;
    this.connections = connections;
    this.address = address;
    this.onReleased = onReleased;
  }

  @Override
  public CompletableFuture<LogReply> propose(byte[] entry) {
    Payload request = ControlCodec.payload(ControlAnswer.getDefaultInstance(), entry);
    return call(ControlMethods.PROPOSE, request, PROPOSE_DEADLINE, this::reply);
  }

  private LogReply reply(Payload answer) throws IOException {
    ControlAnswer header = ControlCodec.header(answer, ControlAnswer.parser());
    ControlCodec.check(header);
    try {
      LogReply reply = LogCodec.decodeReply(answer.body());
      onReleased.accept(header.getReleased());
      return reply;
    } catch (MalformedException e) {
      throw new IOException("the leader's reply makes no sense", e);
    }
  }

  @Override
  public CompletableFuture<Long> readIndex() {
    return call(
        ControlMethods.READ_INDEX,
        ControlCodec.payload(ReadIndexRequest.newBuilder().setNode(self.value()).build()),
        READ_DEADLINE,
        answer -> {
          ReadIndexAnswer header = ControlCodec.header(answer, ReadIndexAnswer.parser());
          ControlCodec.check(header.getAnswer());
          if (header.getIndex() < 0) {
            throw new IOException("a read index of " + header.getIndex());
          }
          onReleased.accept(header.getReleased());
          return header.getIndex();
        });
  }

  @Override
  public CompletableFuture<RenewAnswer> renew(RenewRequest request) {
    return call(
        ControlMethods.RENEW,
        ControlCodec.payload(request),
        READ_DEADLINE,
        answer -> {
          RenewAnswer header = ControlCodec.header(answer, RenewAnswer.parser());
          ControlCodec.check(header.getAnswer());
          return header;
        });
  }

  @Override
  public CompletableFuture<ConfirmAnswer> confirm(ConfirmRequest request) {
    return call(
        ControlMethods.CONFIRM,
        ControlCodec.payload(request),
        READ_DEADLINE,
        answer -> {
          ConfirmAnswer header = ControlCodec.header(answer, ConfirmAnswer.parser());
          ControlCodec.check(header.getAnswer());
          return header;
        });
  }

  /** Reads an answer that is closed afterwards. */
  interface Reading<T> {
    T read(Payload answer) throws IOException;
  }

  private <T> CompletableFuture<T> call(
      int method, Payload request, Duration deadline, Reading<T> reading) {
    return call(connections, address, method, request, deadline, reading);
  }

  static <T> CompletableFuture<T> call(
      Connections connections,
      InetSocketAddress address,
      int method,
      Payload request,
      Duration deadline,
      Reading<T> reading) {
    return connections
        .call(address, method, request, deadline)
        .thenCompose(
            answer -> {
              try (answer) {
                return CompletableFuture.completedFuture(reading.read(answer));
              } catch (IOException e) {
                return CompletableFuture.failedFuture(e);
              }
            });
  }
}
