package io.pandofs.common.net;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;
import io.pandofs.common.identity.PeerName;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one connection to a peer, from the first call to the end, which is final: the next call makes
 * another. Confined to one event loop; only {@link #submit} and {@link #close} come from outside.
 *
 * <p>Bounds: all calls not yet answered count against {@code calls} and {@code waitingBytes}, and
 * one that does not fit is refused at once. Of these, frames of {@code outstandingBytes} are on
 * their way or in service at the peer, and Netty holds no more unwritten bytes than its high mark
 * and one frame; the rest waits here as the caller's own buffers. A request is copied when it is
 * sent, so a call may end while its frame is still being written.
 */
@SuppressWarnings(
    "FutureReturnValueIgnored") // Netty tells of failed writes and closes by other events
final class PeerConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(PeerConnection.class);
  private static final int MESSAGE_CHARS_MAX = 1000;

  /** Who made the connection. Called on its event loop. */
  interface Owner {
    /** The connection takes no more calls. */
    void ended(PeerConnection connection);

    /** A call came too late for this connection, and was not sent. */
    void missed(PendingCall call, NettyConnections.Target to);
  }

  private final NettyConnections.Target peer;
  private final NetThreads threads;
  private final @Nullable Tls tls;
  private final NettyConnections.Limits limits;
  private final Owner owner;
  private final EventLoop loop;
  private final AtomicLong admittedBytes = new AtomicLong();
  private final AtomicInteger admittedCalls = new AtomicInteger();

  private final ArrayDeque<PendingCall> waiting = new ArrayDeque<>();
  private final Map<Long, PendingCall> sent = new HashMap<>();
  private long sentBytes;
  private long lastRequestId;
  private long received;
  private boolean expiredInSilence;
  private boolean begun;
  private boolean proved;
  private @Nullable Channel channel;
  private @Nullable IOException ended;

  PeerConnection(
      NettyConnections.Target peer,
      NetThreads threads,
      @Nullable Tls tls,
      NettyConnections.Limits limits,
      Owner owner) {
    this.peer = peer;
    this.threads = threads;
    this.tls = tls;
    this.limits = limits;
    this.owner = owner;
    this.loop = threads.group().next();
  }

  NettyConnections.Target peer() {
    return peer;
  }

  /** Takes a call; its future tells the rest. */
  void submit(PendingCall call) {
    if (!admit(call)) {
      call.result.completeExceptionally(new IOException("too much is waiting for " + peer));
      return;
    }
    try {
      loop.execute(() -> enqueue(call));
    } catch (RejectedExecutionException e) {
      call.result.completeExceptionally(new IOException("the connections are closed", e));
    }
  }

  private boolean admit(PendingCall call) {
    int calls = admittedCalls.incrementAndGet();
    long bytes = admittedBytes.addAndGet(call.bytes);
    if (calls > limits.calls() || (bytes > limits.waitingBytes() && calls > 1)) {
      dismiss(call);
      return false;
    }
    return true;
  }

  private void dismiss(PendingCall call) {
    admittedCalls.decrementAndGet();
    admittedBytes.addAndGet(-call.bytes);
  }

  private void enqueue(PendingCall call) {
    if (ended != null) {
      dismiss(call);
      owner.missed(call, peer);
      return;
    }
    call.alarm = loop.schedule(() -> expire(call), call.deadline.toNanos(), TimeUnit.NANOSECONDS);
    waiting.add(call);
    var unused =
        call.result.whenComplete(
            (answer, failure) -> {
              if (call.result.isCancelled()) {
                onLoop(() -> abandon(call));
              }
            });
    if (begun) {
      send();
    } else {
      begun = true;
      connect();
    }
  }

  private void connect() {
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) limits.connectTimeout().toMillis())
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel made) {
                    threads.setUp(
                        made,
                        tls == null ? List.of() : List.of(tls.client(made.alloc())),
                        limits.silence(),
                        limits.idle(),
                        new FrameDecoder(),
                        PeerConnection.this);
                  }
                });
    threads.options().forEach((option, value) -> setOption(bootstrap, option, value));
    ChannelFuture connecting = bootstrap.connect(peer.address());
    connecting.addListener(done -> connected(connecting));
  }

  @SuppressWarnings("unchecked") // the map pairs each option with a value of its type
  private static void setOption(Bootstrap bootstrap, ChannelOption<?> option, Object value) {
    bootstrap.option((ChannelOption<Object>) option, value);
  }

  private void connected(ChannelFuture connecting) {
    if (!connecting.isSuccess()) {
      end(notConnected(connecting.cause()));
    } else if (ended != null) {
      connecting.channel().close();
    } else {
      channel = connecting.channel();
      prove(connecting.channel());
    }
  }

  private IOException notConnected(Throwable cause) {
    String message = "cannot connect to " + peer + ": " + cause.getMessage();
    // The JDK makes a ConnectException of ECONNREFUSED and of ETIMEDOUT, which Netty's comes
    // before.
    boolean refused =
        cause instanceof ConnectException && !(cause instanceof ConnectTimeoutException);
    return refused
        ? new ConnectionRefusedException(message, cause)
        : new IOException(message, cause);
  }

  /** Nothing is sent before it is known who is at the other end. */
  private void prove(Channel to) {
    SslHandler encryption = to.pipeline().get(SslHandler.class);
    if (encryption == null || tls == null) {
      proved = true;
      send();
      return;
    }
    Tls by = tls;
    encryption
        .handshakeFuture()
        .addListener(
            done -> {
              if (done.isSuccess()) {
                shown(by, encryption);
              } else {
                unproved(done.cause());
              }
            });
  }

  private void shown(Tls by, SslHandler encryption) {
    try {
      PeerName name = by.peer(encryption.engine());
      if (name == null || (peer.node() != null && !peer.node().equals(name.node()))) {
        String who = "it is " + name;
        drop(who, new StrangerException(who));
        return;
      }
      proved = true;
      send();
    } catch (CertificateException e) {
      unproved(e);
    }
  }

  private void unproved(Throwable failure) {
    String what = Tls.reason(failure);
    drop(what, Tls.isStranger(failure) ? new StrangerException(what) : closedFor(what));
  }

  /** Sends what may be sent, in order. */
  private void send() {
    Channel to = channel;
    if (to == null || !proved) {
      return;
    }
    boolean wrote = false;
    while (ended == null && to.isWritable() && !waiting.isEmpty()) {
      PendingCall call = waiting.element();
      if (sentBytes > 0 && sentBytes + call.bytes > limits.outstandingBytes()) {
        break;
      }
      waiting.remove();
      wrote |= write(to, call);
    }
    if (wrote) {
      to.flush();
    }
  }

  private boolean write(Channel to, PendingCall call) {
    if (call.result.isDone()) {
      finish(call);
      return false;
    }
    call.requestId = ++lastRequestId;
    call.receivedWhenSent = received;
    sent.put(call.requestId, call);
    sentBytes += call.bytes;
    to.write(
        FrameEncoder.copy(
            to.alloc(), FrameHeader.REQUEST, call.method, call.requestId, call.takeRequest()));
    return true;
  }

  private void finish(PendingCall call) {
    call.cancelAlarm();
    if (call.isSent() && sent.remove(call.requestId) != null) {
      sentBytes -= call.bytes;
    }
    dismiss(call);
  }

  private void expire(PendingCall call) {
    if (call.isSent()) {
      expiredInSilence |= call.receivedWhenSent == received;
    } else if (!waiting.remove(call)) {
      return;
    }
    finish(call);
    call.result.completeExceptionally(
        new IOException("no answer from " + peer + " within " + call.deadline.toMillis() + " ms"));
    send();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    Frame frame = (Frame) message;
    received++;
    expiredInSilence = false;
    FrameHeader header = frame.header();
    PendingCall call = sent.get(header.requestId());
    if (header.kind() == FrameHeader.REQUEST || (call != null && call.method != header.method())) {
      frame.bytes().release();
      drop("it sent an answer to what was not asked");
      return;
    }
    if (call == null) {
      // The answer to a call whose deadline has passed.
      frame.bytes().release();
      return;
    }
    finish(call);
    deliver(call, header, frame);
    send();
  }

  private static void deliver(PendingCall call, FrameHeader header, Frame frame) {
    FramePayload answer = frame.payload(() -> {});
    if (header.kind() == FrameHeader.ANSWER) {
      if (!call.result.complete(answer)) {
        answer.close();
      }
      return;
    }
    String line = printable(StandardCharsets.UTF_8.decode(answer.header()).toString());
    answer.close();
    call.result.completeExceptionally(new RemoteException(line));
  }

  /** One line that cannot spoil a log: what a peer says is not trusted. */
  private static String printable(String text) {
    String cut = text.length() > MESSAGE_CHARS_MAX ? text.substring(0, MESSAGE_CHARS_MAX) : text;
    return cut.replaceAll("\\p{Cntrl}", " ");
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    send();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (!(event instanceof IdleStateEvent idle)) {
      return;
    }
    if (idle.state() == IdleState.READER_IDLE && expiredInSilence) {
      drop("nothing has come from it for " + limits.silence().toMillis() + " ms");
    } else if (idle.state() == IdleState.ALL_IDLE && sent.isEmpty() && waiting.isEmpty()) {
      end(new IOException("the connection to " + peer + " was idle and is closed"));
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end(new IOException("the connection to " + peer + " is closed"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (tls != null && !proved) {
      return; // the handshake's own end tells it
    }
    if (cause instanceof MalformedFrameException) {
      drop(String.valueOf(cause.getMessage()));
    } else {
      String what = Tls.inWords(String.valueOf(cause.getMessage()));
      end(new IOException("the connection to " + peer + " broke: " + what, cause));
    }
  }

  private void drop(String reason) {
    drop(reason, closedFor(reason));
  }

  private void drop(String reason, IOException failure) {
    if (ended != null) {
      return;
    }
    LOG.warn("closing the connection to {}: {}", peer, reason);
    end(failure);
  }

  private IOException closedFor(String reason) {
    return new IOException("the connection to " + peer + " was closed: " + reason);
  }

  /** Its caller has lost interest: if it waits, it goes; if it was sent, its answer is dropped. */
  private void abandon(PendingCall call) {
    if (waiting.remove(call)) {
      finish(call);
    }
  }

  /** Ends the connection from any thread. */
  void close(IOException reason) {
    onLoop(() -> end(reason));
  }

  private void onLoop(Runnable action) {
    try {
      loop.execute(action);
    } catch (RejectedExecutionException e) {
      LOG.debug("the threads have ended, and with them the connection to {}", peer);
    }
  }

  /** The end, once: every call that is not answered fails now. */
  private void end(IOException reason) {
    if (ended != null) {
      return;
    }
    ended = reason;
    owner.ended(this);
    if (channel != null) {
      channel.close();
    }
    List<PendingCall> failed = new ArrayList<>(sent.values());
    failed.addAll(waiting);
    waiting.clear();
    failed.forEach(this::finish);
    failed.forEach(call -> call.result.completeExceptionally(reason));
  }
}
