package io.pandofs.mount.fuse.direct;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.FileType;
import io.pandofs.mount.vfs.DirectoryOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers against bytes laid out after linux/fuse.h. */
class ReplyTest {

  /** major 0x123, minor 0x45678, as the kernel keeps a device in 32 bits. */
  private static final int DEVICE = 0x78 | 0x123 << 8 | 0x456 << 20;

  private static final Attributes FILE =
      new Attributes(
          new InodeId(7),
          FileType.CHARACTER_DEVICE,
          04755,
          1,
          2,
          3,
          0x1_0000_0001L,
          513,
          DEVICE,
          new Timestamp(-10, 11),
          new Timestamp(20, 21),
          new Timestamp(30, 31),
          new Timestamp(40, 41));

  private final ByteBuffer memory = ByteBuffer.allocateDirect(4096);
  private final ByteBuffer expected = ByteBuffer.allocate(4096).order(ByteOrder.nativeOrder());
  private final Reply out = new Reply(memory);

  @BeforeEach
  void dirty() {
    for (int i = 0; i < memory.capacity(); i++) {
      memory.put(i, (byte) 0x55);
    }
    out.clear();
  }

  /** Compares all that follows the header. */
  private void assertBody() {
    byte[] body = Arrays.copyOf(expected.array(), expected.position());
    int length = out.finish(9, 0);
    assertThat(length).isEqualTo(16 + body.length);
    byte[] got = new byte[body.length];
    memory.get(16, got);
    assertThat(got).isEqualTo(body);
    ByteBuffer header = memory.duplicate().order(ByteOrder.nativeOrder());
    assertThat(header.getInt(0)).isEqualTo(length);
    assertThat(header.getInt(4)).isZero();
    assertThat(header.getLong(8)).isEqualTo(9);
  }

  private void expectAttr() {
    expected.putLong(7).putLong(0x1_0000_0001L).putLong(2);
    expected.putLong(-10).putLong(20).putLong(30).putInt(11).putInt(21).putInt(31);
    expected.putInt(0024755).putInt(3).putInt(1).putInt(2).putInt(DEVICE).putInt(4096).putInt(0);
  }

  private void expectEntry() {
    expected.putLong(7).putLong(0).putLong(0).putLong(0).putInt(0).putInt(0);
    expectAttr();
  }

  @Test
  void anEntry() {
    out.entry(FILE);
    expectEntry();
    assertThat(expected.position()).isEqualTo(128);
    assertBody();
  }

  @Test
  void attributes() {
    out.attributes(FILE);
    expected.putLong(0).putInt(0).putInt(0);
    expectAttr();
    assertThat(expected.position()).isEqualTo(104);
    assertBody();
  }

  @Test
  void statx() {
    out.statx(FILE);
    expected.putLong(0).putInt(0).putInt(0).putLong(0).putLong(0);
    expected.putInt(0xfff).putInt(4096).putLong(0).putInt(3).putInt(1).putInt(2);
    expected.putShort((short) 0024755).putShort((short) 0);
    expected.putLong(7).putLong(0x1_0000_0001L).putLong(2).putLong(0);
    expected.putLong(-10).putInt(11).putInt(0).putLong(40).putInt(41).putInt(0);
    expected.putLong(30).putInt(31).putInt(0).putLong(20).putInt(21).putInt(0);
    expected.putInt(0x123).putInt(0x45678).putInt(0).putInt(0);
    expected.put(new byte[112]);
    assertThat(expected.position()).isEqualTo(288);
    assertBody();
  }

  @Test
  void anOpenFile() {
    out.opened(5, true);
    expected.putLong(5).putInt(1).putInt(0);
    assertBody();
  }

  @Test
  void anErrorHasNoBody() {
    out.entry(FILE);
    assertThat(out.finish(9, -2)).isEqualTo(16);
    assertThat(memory.order(ByteOrder.nativeOrder()).getInt(4)).isEqualTo(-2);
  }

  private static DirectoryOperations.Entry entry(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return new DirectoryOperations.Entry(99, bytes, new InodeId(7), FileType.SYMLINK);
  }

  private void expectDirent(String name, int filling) {
    expected.putLong(7).putLong(99).putInt(name.length()).putInt(10);
    expected.put(name.getBytes(StandardCharsets.UTF_8)).put(new byte[filling]);
  }

  @Test
  void entriesAreFilledUpToEightBytesAndEndWhereTheRoomEnds() {
    assertThat(out.dirent(entry("abc"), 64)).isTrue();
    assertThat(out.dirent(entry("12345678"), 64)).isTrue();
    assertThat(out.dirent(entry("x"), 64)).isFalse();
    expectDirent("abc", 5);
    expectDirent("12345678", 0);
    assertThat(expected.position()).isEqualTo(64);
    assertBody();
  }

  @Test
  void entriesWithAttributesAndWithout() {
    assertThat(out.direntPlus(entry("a"), FILE, 320)).isTrue();
    assertThat(out.direntPlus(entry("b"), null, 320)).isTrue();
    assertThat(out.direntPlus(entry("c"), null, 320)).isFalse();
    expectEntry();
    expectDirent("a", 7);
    expected.put(new byte[128]);
    expectDirent("b", 7);
    assertBody();
  }

  @Test
  void roomIsWhatWasAskedFor() {
    ByteBuffer room = out.room(10);
    assertThat(room.remaining()).isEqualTo(10);
    room.put((byte) 1).put((byte) 2);
    expected.put((byte) 1).put((byte) 2);
    assertBody();
    out.clear();
    assertThat(out.room(4000).remaining()).isEqualTo(4000);
  }
}
