package io.pandofs.common.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;
import io.pandofs.common.LimitedLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a server. Confined to its event loop, but for the closing of requests, which
 * may come from any thread.
 *
 * <p>Invariant: while more requests or bytes are in service than the limits allow, or all
 * connections of the server together are over the budget, nothing more is read from this one. A
 * request is in service until its answer is written; its bytes count until the service closes it.
 */
@SuppressWarnings(
    "FutureReturnValueIgnored") // Netty tells of failed writes and closes by other events
final class ServerConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(ServerConnection.class);
  private static final int ERROR_CHARS_MAX = 1000;
  private static final int NEWCOMER_BYTES_MAX = 16 << 10;

  private Peer peer;
  private @Nullable Tls tls;
  private final Service service;
  private final FrameServer.Limits limits;
  private final ServiceBudget budget;
  private final FrameDecoder decoder;
  private final LimitedLog strangers;
  private final AtomicLong bytesInService = new AtomicLong();
  private int requestsInService;
  private boolean waitingForBudget;
  private long unwritten;
  private long unwrittenProgress;
  private volatile boolean paused;

  ServerConnection(
      Peer peer,
      Service service,
      FrameServer.Limits limits,
      ServiceBudget budget,
      FrameDecoder decoder,
      LimitedLog strangers) {
    this.peer = peer;
    this.service = service;
    this.limits = limits;
    this.budget = budget;
    this.decoder = decoder;
    this.strangers = strangers;
  }

  /** It is known now who is at the other end; comes before anything that it says. */
  void known(Peer proved, Tls by) {
    peer = proved;
    tls = by;
    if (proved.kind() == Peer.Kind.NEWCOMER) {
      decoder.limit(NEWCOMER_BYTES_MAX);
    }
  }

  private boolean mayAsk(int method) {
    return peer.kind() != Peer.Kind.NEWCOMER || (tls != null && tls.isOpenToNewcomers(method));
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Frame frame = (Frame) message;
    FrameHeader header = frame.header();
    if (!ctx.channel().isActive()) {
      frame.bytes().release();
      return;
    }
    if (header.kind() != FrameHeader.REQUEST) {
      frame.bytes().release();
      drop(ctx, "it sent an answer to a server");
      return;
    }
    if (!mayAsk(header.method())) {
      frame.bytes().release();
      drop(ctx, "it shows no certificate and asks for method " + header.method());
      return;
    }
    long bytes = header.payloadLength();
    requestsInService++;
    bytesInService.addAndGet(bytes);
    budget.take(bytes);
    FramePayload request = frame.payload(() -> requestClosed(ctx, bytes));
    pauseIfFull(ctx);
    serve(ctx, header, request);
  }

  private void serve(ChannelHandlerContext ctx, FrameHeader header, FramePayload request) {
    CompletionStage<Payload> stage;
    try {
      stage = service.handle(peer, header.method(), request);
    } catch (RuntimeException | OutOfMemoryError e) {
      request.close();
      LOG.error("the service failed on method {} from {}", header.method(), peer, e);
      answer(ctx, header, null, e);
      return;
    }
    var unused =
        stage.whenComplete(
            (answer, failure) -> onLoop(ctx, answer, () -> answer(ctx, header, answer, failure)));
  }

  private static void onLoop(
      ChannelHandlerContext ctx, @Nullable Payload toClose, Runnable action) {
    if (ctx.executor().inEventLoop()) {
      action.run();
      return;
    }
    try {
      ctx.executor().execute(action);
    } catch (RejectedExecutionException e) {
      // The threads have ended, and with them every connection: nobody is left to answer.
      if (toClose != null) {
        toClose.close();
      }
    }
  }

  private void answer(
      ChannelHandlerContext ctx,
      FrameHeader request,
      @Nullable Payload answer,
      @Nullable Throwable failure) {
    if (answer != null && FrameEncoder.fits(answer)) {
      write(ctx, FrameHeader.ANSWER, request, answer);
      return;
    }
    if (answer != null) {
      answer.close();
    }
    String line = failure == null ? "no answer that fits a frame" : describe(failure);
    byte[] text = line.getBytes(StandardCharsets.UTF_8);
    write(ctx, FrameHeader.ERROR, request, Payload.of(text));
  }

  private void write(ChannelHandlerContext ctx, byte kind, FrameHeader request, Payload answer) {
    ByteBuf[] parts;
    try {
      parts = FrameEncoder.wrap(ctx.alloc(), kind, request.method(), request.requestId(), answer);
    } catch (RuntimeException | OutOfMemoryError e) {
      answer.close();
      exceptionCaught(ctx, e);
      return;
    }
    ctx.write(parts[0]);
    ctx.writeAndFlush(parts[1])
        .addListener(
            done -> {
              answer.close();
              requestsInService--;
              resumeIfRoom(ctx);
            });
  }

  private static String describe(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String text =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return text.length() > ERROR_CHARS_MAX ? text.substring(0, ERROR_CHARS_MAX) : text;
  }

  private void requestClosed(ChannelHandlerContext ctx, long bytes) {
    bytesInService.addAndGet(-bytes);
    budget.giveBack(bytes);
    if (paused) {
      onLoop(ctx, null, () -> resumeIfRoom(ctx));
    }
  }

  private boolean isFull() {
    return requestsInService >= limits.requestsPerConnection()
        || bytesInService.get() >= limits.bytesPerConnection()
        || budget.isOver();
  }

  private void pauseIfFull(ChannelHandlerContext ctx) {
    if (!paused && isFull()) {
      paused = true;
      decoder.pause();
      // Looks again: a request may have been closed between the look and the mark.
      resumeIfRoom(ctx);
    }
  }

  private void resumeIfRoom(ChannelHandlerContext ctx) {
    if (!paused) {
      return;
    }
    if (budget.isOver()) {
      waitForBudget(ctx);
    } else if (!isFull()) {
      paused = false;
      decoder.resume();
    }
  }

  private void waitForBudget(ChannelHandlerContext ctx) {
    if (waitingForBudget) {
      return;
    }
    waitingForBudget = true;
    budget.onRoom(
        () ->
            onLoopLater(
                ctx,
                () -> {
                  waitingForBudget = false;
                  resumeIfRoom(ctx);
                }));
  }

  private static void onLoopLater(ChannelHandlerContext ctx, Runnable action) {
    try {
      ctx.executor().execute(action);
    } catch (RejectedExecutionException e) {
      LOG.debug("the threads have ended, {} is not resumed", ctx.channel());
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (!(event instanceof IdleStateEvent idle)) {
      return;
    }
    if (idle.state() == IdleState.READER_IDLE && takesNoAnswers(ctx)) {
      drop(ctx, "it does not take its answers");
    } else if (paused) {
      return;
    } else if (idle.state() == IdleState.READER_IDLE && decoder.isMidFrame()) {
      drop(ctx, "it stopped in the middle of a frame");
    } else if (idle.state() == IdleState.ALL_IDLE && requestsInService == 0) {
      LOG.debug("closing the connection from {}, idle for long", peer);
      ctx.close();
    }
  }

  /**
   * Whether answers wait to be written and not a byte of them was since the last silence. They hold
   * what the service allots to all peers together, and one that is stopped must not keep it.
   */
  private boolean takesNoAnswers(ChannelHandlerContext ctx) {
    ChannelOutboundBuffer out = ctx.channel().unsafe().outboundBuffer();
    long bytes = out == null ? 0 : out.totalPendingWriteBytes();
    long progress = out == null ? 0 : out.currentProgress();
    boolean stuck = bytes > 0 && bytes == unwritten && progress == unwrittenProgress;
    unwritten = bytes;
    unwrittenProgress = progress;
    return stuck;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof MalformedFrameException) {
      drop(ctx, String.valueOf(cause.getMessage()));
    } else if (cause instanceof IOException || cause.getCause() instanceof SSLException) {
      LOG.debug("the connection from {} broke: {}", peer, cause.toString());
      ctx.close();
    } else {
      LOG.error("closing the connection from {} on a fault of our own", peer, cause);
      ctx.close();
    }
  }

  private void drop(ChannelHandlerContext ctx, String reason) {
    strangers.warn("closing the connection from " + peer + ": " + reason);
    ctx.close();
  }
}
