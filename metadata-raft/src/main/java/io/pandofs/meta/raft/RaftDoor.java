package io.pandofs.meta.raft;

import io.pandofs.common.LimitedLog;
import io.pandofs.common.net.Tls;
import io.pandofs.common.net.Unproved;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import org.apache.ratis.thirdparty.io.grpc.netty.GrpcHttp2ConnectionHandler;
import org.apache.ratis.thirdparty.io.grpc.netty.InternalProtocolNegotiator;
import org.apache.ratis.thirdparty.io.grpc.netty.InternalProtocolNegotiators;
import org.apache.ratis.thirdparty.io.netty.channel.Channel;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelHandler;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelHandlerContext;
import org.apache.ratis.thirdparty.io.netty.channel.ChannelInboundHandlerAdapter;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.NotSslRecordException;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContext;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslHandler;
import org.apache.ratis.thirdparty.io.netty.util.AsciiString;

/**
 * Looks after the connections to the Raft port that have not shown a member's certificate yet,
 * which gRPC takes in without a limit and lets go without a word: there are few at a time, and of
 * each that is refused the log has a line, as far as its limit goes. Thread-safe.
 */
final class RaftDoor implements InternalProtocolNegotiator.ProtocolNegotiator {
  private final InternalProtocolNegotiator.ProtocolNegotiator encryption;
  private final LimitedLog log;
  private final Unproved<Channel> unknown =
      new Unproved<>(Unproved.STRANGERS_MAX, Unproved.STRANGERS_OF_ADDRESS_MAX);

  /**
   * @param tls by which members are told from others
   */
  RaftDoor(SslContext tls, LimitedLog log) {
    this.encryption = InternalProtocolNegotiators.serverTls(tls);
    this.log = log;
  }

  @Override
  public AsciiString scheme() {
    return encryption.scheme();
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler next) {
    return new Watch(encryption.newHandler(next));
  }

  @Override
  public void close() {
    encryption.close();
  }

  /** Stands behind the encryption until the handshake has begun. */
  private final class Watch extends ChannelInboundHandlerAdapter {
    private final ChannelHandler negotiation;

    Watch(ChannelHandler negotiation) {
      this.negotiation = negotiation;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      ctx.pipeline().addBefore(ctx.name(), null, negotiation);
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // Netty tells of closes by other events
    public void channelActive(ChannelHandlerContext ctx) {
      // gRPC puts it there before it passes this event on.
      SslHandler handler = ctx.pipeline().get(SslHandler.class);
      if (handler == null || !(ctx.channel().remoteAddress() instanceof InetSocketAddress from)) {
        ctx.close(); // it has gone already
        return;
      }
      takeIn(ctx.channel(), handler, from);
      ctx.pipeline().remove(this);
      ctx.fireChannelActive();
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // Netty tells of closes by other events
  private void takeIn(Channel channel, SslHandler handler, InetSocketAddress from) {
    Channel gone = unknown.add(channel, from);
    if (gone != null) {
      log.warn(
          "closing the oldest Raft connection that has not shown to be a member's, for one from "
              + from);
      gone.close();
    }
    handler
        .handshakeFuture()
        .addListener(
            done -> {
              unknown.remove(channel);
              if (!done.isSuccess()) {
                log.warn("refusing the Raft connection from " + from + ": " + reason(done.cause()));
              }
            });
  }

  /** Why a handshake failed, in one clause. */
  static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null && !(cause instanceof CertificateException)) {
      cause = cause.getCause();
    }
    String text = cause.getMessage();
    if (cause instanceof NotSslRecordException) {
      return "what it says is not TLS";
    } else if (cause instanceof ClosedChannelException) {
      return "its handshake was not finished";
    } else if (text == null) {
      return cause.getClass().getSimpleName();
    }
    return Tls.inWords(text);
  }
}
