package io.pandofs.common.net;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.identity.PeerName;
import java.net.InetSocketAddress;
import java.security.cert.CertificateException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Stands behind a server's encryption until it is known who is at the other end, and leaves then. A
 * newcomer keeps it: it has a short while to say what it wants and to get its answer.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Netty tells of closes by other events
final class TlsGate extends ChannelInboundHandlerAdapter {
  private static final int NEWCOMER_SECONDS = 60;

  private final InetSocketAddress address;
  private final Tls tls;
  private final SslHandler encryption;
  private final Consumer<Peer> onKnown;
  private final LimitedLog log;
  private boolean known;

  /**
   * @param onKnown told once, before anything that the peer says is handed on
   */
  TlsGate(
      InetSocketAddress address,
      Tls tls,
      SslHandler encryption,
      Consumer<Peer> onKnown,
      LimitedLog log) {
    this.address = address;
    this.tls = tls;
    this.encryption = encryption;
    this.onKnown = onKnown;
    this.log = log;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (!(event instanceof SslHandshakeCompletionEvent done)) {
      ctx.fireUserEventTriggered(event);
      return;
    }
    if (!done.isSuccess()) {
      refuse(ctx, Tls.reason(done.cause()));
      return;
    }
    try {
      PeerName name = tls.peer(encryption.engine());
      known = true;
      if (name != null) {
        onKnown.accept(Peer.member(address, name.node()));
        ctx.pipeline().remove(this);
      } else {
        onKnown.accept(Peer.newcomer(address));
        var end = ctx.executor().schedule(() -> ctx.close(), NEWCOMER_SECONDS, TimeUnit.SECONDS);
        ctx.channel().closeFuture().addListener(closed -> end.cancel(false));
      }
    } catch (CertificateException e) {
      refuse(ctx, String.valueOf(e.getMessage()));
    }
  }

  private void refuse(ChannelHandlerContext ctx, String reason) {
    log.warn("refusing the connection from " + address + ": " + reason);
    ctx.close();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (known) {
      ctx.fireExceptionCaught(cause);
    } else {
      ctx.close();
    }
  }
}
