package io.pandofs.common.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The decoder when memory gives out. */
class FrameDecoderTest {

  @Test
  @Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aFrameThatFindsNoMemoryLosesItsStreamAndSpinsOnNothing() {
    Scarce memory = new Scarce();
    EmbeddedChannel channel = new EmbeddedChannel();
    channel.config().setAllocator(memory);
    FrameDecoder decoder = new FrameDecoder();
    channel.pipeline().addLast(decoder);
    ByteBuf frame =
        FrameEncoder.copy(
            UnpooledByteBufAllocator.DEFAULT,
            FrameHeader.REQUEST,
            1,
            1,
            NetFixture.random(new Random(1), 10, 5000));
    decoder.pause();
    channel.writeInbound(frame);
    memory.exhausted = true;
    assertThatCode(decoder::resume).doesNotThrowAnyException();
    assertThatThrownBy(channel::checkException).isInstanceOf(OutOfMemoryError.class);
    assertThat(frame.refCnt()).isZero();
    assertThat(decoder.isMidFrame()).isFalse();
    channel.writeInbound(Unpooled.buffer().writeLong(1));
    assertThat(channel.inboundMessages()).isEmpty();
    channel.finishAndReleaseAll();
  }

  /** Heap buffers, as long as there are any. */
  private static final class Scarce extends AbstractByteBufAllocator {
    private boolean exhausted;

    @Override
    protected ByteBuf newHeapBuffer(int initial, int most) {
      if (exhausted) {
        throw new OutOfMemoryError("planted");
      }
      return Unpooled.buffer(initial, most);
    }

    @Override
    protected ByteBuf newDirectBuffer(int initial, int most) {
      return newHeapBuffer(initial, most);
    }

    @Override
    public boolean isDirectBufferPooled() {
      return false;
    }
  }
}
