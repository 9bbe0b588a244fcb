package io.pandofs.common.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.ArrayDeque;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of bytes into {@link Frame}s and checks them. Confined to the channel's event loop.
 *
 * <p>Memory follows the bytes that came, not the lengths that were claimed: a frame's buffer starts
 * at {@link #FIRST_BYTES_MAX} and doubles. While paused nothing is read or decoded; what had been
 * read by then, one socket read at most, waits here.
 */
final class FrameDecoder extends ChannelInboundHandlerAdapter {
  private static final int FIRST_BYTES_MAX = 1 << 20;

  private final ArrayDeque<ByteBuf> input = new ArrayDeque<>();
  private @Nullable ChannelHandlerContext context;
  private @Nullable ByteBuf fixed;
  private @Nullable FrameHeader header;
  private @Nullable ByteBuf payload;
  private boolean draining;
  private boolean paused;
  private boolean dead;
  private int payloadMax = Integer.MAX_VALUE;

  /** Whether a frame has begun and not ended. */
  boolean isMidFrame() {
    return header != null || (fixed != null && fixed.isReadable());
  }

  /** From now on frames with more bytes than this are malformed. */
  void limit(int payloadBytesMax) {
    payloadMax = payloadBytesMax;
  }

  void pause() {
    paused = true;
    setAutoRead(false);
  }

  void resume() {
    paused = false;
    setAutoRead(true);
    drain();
  }

  private void setAutoRead(boolean autoRead) {
    if (context != null) {
      context.channel().config().setAutoRead(autoRead);
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    fixed = ctx.alloc().directBuffer(FrameHeader.BYTES);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    discard();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (dead) {
      bytes.release();
      return;
    }
    input.add(bytes);
    drain();
  }

  /** Decodes what there is. A frame's receiver may pause or resume from within. */
  private void drain() {
    if (draining) {
      return;
    }
    draining = true;
    try {
      while (!paused && !dead && !input.isEmpty()) {
        ByteBuf next = input.element();
        takeFrom(next);
        if (!dead && !next.isReadable()) {
          input.remove();
          next.release();
        }
      }
    } catch (MalformedFrameException | RuntimeException | OutOfMemoryError e) {
      // Whatever it was, the stream is lost: going on would find half a frame again and again.
      discard();
      if (context != null) {
        context.fireExceptionCaught(e);
      }
    } finally {
      draining = false;
    }
  }

  private void takeFrom(ByteBuf bytes) throws MalformedFrameException {
    ByteBuf fixedBytes = fixed;
    ChannelHandlerContext ctx = context;
    if (fixedBytes == null || ctx == null) {
      return;
    }
    FrameHeader current = header;
    if (current == null) {
      move(bytes, fixedBytes, FrameHeader.BYTES - fixedBytes.writerIndex());
      if (fixedBytes.writerIndex() < FrameHeader.BYTES) {
        return;
      }
      current = FrameHeader.read(fixedBytes);
      if (current.payloadLength() > payloadMax) {
        throw new MalformedFrameException(
            "a frame of " + current.payloadLength() + " bytes, over " + payloadMax);
      }
      header = current;
      int first = Math.min(current.payloadLength(), FIRST_BYTES_MAX);
      payload = ctx.alloc().directBuffer(first, Math.max(first, current.payloadLength()));
    }
    ByteBuf target = payload;
    if (target == null) {
      return;
    }
    move(bytes, target, current.payloadLength() - target.writerIndex());
    if (target.writerIndex() == current.payloadLength()) {
      finish(ctx, current, fixedBytes, target);
    }
  }

  private void finish(
      ChannelHandlerContext ctx, FrameHeader whole, ByteBuf fixedBytes, ByteBuf target)
      throws MalformedFrameException {
    CRC32C crc = FrameHeader.checksumOfFixed(fixedBytes, 0);
    crc.update(target.nioBuffer(0, whole.payloadLength()));
    if ((int) crc.getValue() != whole.crc32c()) {
      throw new MalformedFrameException("the frame does not match its checksum");
    }
    header = null;
    payload = null;
    fixedBytes.clear();
    ctx.fireChannelRead(new Frame(whole, target));
  }

  private static void move(ByteBuf from, ByteBuf to, int atMost) {
    int count = Math.min(atMost, from.readableBytes());
    to.writeBytes(from, count);
  }

  private void discard() {
    dead = true;
    input.forEach(ByteBuf::release);
    input.clear();
    if (fixed != null) {
      fixed.release();
      fixed = null;
    }
    if (payload != null) {
      payload.release();
      payload = null;
    }
    header = null;
  }
}
