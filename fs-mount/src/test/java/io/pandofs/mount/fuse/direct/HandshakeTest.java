package io.pandofs.mount.fuse.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class HandshakeTest {

  private static Bytes init(int major, int minor, int flags) {
    return Bytes.request(26, 0).int32(major).int32(minor).int32(131072).int32(flags);
  }

  @Test
  void onlyWhatBothKnowIsAgreedOn() {
    Request in = init(7, 45, 0xFFFFFFFF).int32(0xFFFFFFFF).decoded();
    Handshake both = Handshake.of(in);
    assertThat(both.minor()).isEqualTo(39);
    // Neither WRITEBACK_CACHE nor what this code has never heard of.
    assertThat(both.flags() & (1L << 16 | 1L << 62)).isZero();
    // POSIX_LOCKS and FLOCK_LOCKS: both or none, as a program may take either.
    assertThat(both.flags() & (1L << 1 | 1L << 10)).isEqualTo(1L << 1 | 1L << 10);
    assertThat(both.flags() & 1L << 36).isNotZero();
    Handshake old = Handshake.of(init(7, 31, 1 | 1 << 22 | 1 << 30).int32(0).decoded());
    assertThat(old).isEqualTo(new Handshake(31, 1 << 20, 1 | 1 << 22 | 1 << 30));
  }

  /** Lists that are not obeyed, or by whose umask nobody knows, are worse than none. */
  @Test
  void accessControlListsAreAgreedOnWithAllTheyNeedOrNotAtAll() {
    int all = 1 << 20 | 1 << 6 | 1 << 29;
    Handshake lists = Handshake.of(init(7, 39, all).decoded());
    assertThat(lists.acls()).isTrue();
    assertThat(lists.flags()).isEqualTo(all);
    for (int missing : new int[] {1 << 20, 1 << 6, 1 << 29}) {
      Handshake none = Handshake.of(init(7, 39, all & ~missing).decoded());
      assertThat(none.acls()).isFalse();
      assertThat(none.flags()).isZero();
    }
  }

  @Test
  void moreFlagsAreReadOnlyIfTheyAreSaidToBeThere() {
    assertThat(Handshake.of(init(7, 38, 1).int32(-1).decoded()).flags()).isEqualTo(1);
    assertThatThrownBy(() -> Handshake.of(init(7, 38, 1 << 30).decoded()))
        .isInstanceOf(MalformedRequestException.class);
  }

  @Test
  void versionsThatAreNotSpoken() {
    assertThatThrownBy(() -> Handshake.of(init(8, 0, 0).decoded()))
        .isInstanceOf(MalformedRequestException.class);
    assertThatThrownBy(() -> Handshake.of(init(7, 30, 0).decoded()))
        .isInstanceOf(MalformedRequestException.class);
  }

  @Test
  void theAnswer() {
    ByteBuffer memory = ByteBuffer.allocateDirect(4096).order(ByteOrder.nativeOrder());
    Reply out = new Reply(memory);
    out.clear();
    new Handshake(39, 1 << 20, 1L << 36 | 1 << 22).answer(out);
    assertThat(out.finish(1, 0)).isEqualTo(16 + 64);
    assertThat(memory.getInt(16)).isEqualTo(7);
    assertThat(memory.getInt(20)).isEqualTo(39);
    assertThat(memory.getInt(24)).isEqualTo(1 << 20);
    assertThat(memory.getInt(28)).isEqualTo(1 << 22);
    assertThat(memory.getInt(36)).as("max_write").isEqualTo(1 << 20);
    assertThat(memory.getInt(40)).as("time_gran").isEqualTo(1);
    assertThat(memory.getShort(44)).as("max_pages").isEqualTo((short) 256);
    assertThat(memory.getInt(48)).as("flags2").isEqualTo(1 << 4);
    assertThat(memory.getLong(72)).isZero();
  }
}
