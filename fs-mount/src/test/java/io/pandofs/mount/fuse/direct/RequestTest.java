package io.pandofs.mount.fuse.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Caller;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class RequestTest {

  @Test
  void theHeader() {
    Request in = Bytes.request(3, 17).decoded();
    assertThat(in.opcode()).isEqualTo(3);
    assertThat(in.unique()).isEqualTo(42);
    assertThat(in.inode()).isEqualTo(new InodeId(17));
    assertThat(in.caller()).isEqualTo(new Caller(1000, 1001));
    assertThat(in.thread()).isEqualTo(77);
    assertThat(in.bodyBytes()).isZero();
  }

  @Test
  void fieldsTextsAndData() throws Exception {
    Request in =
        Bytes.request(45, 1).int64(5).int32(2).int32(0).text("old").text("n\377w").decoded();
    assertThat(in.inodeAt(0)).isEqualTo(new InodeId(5));
    assertThat(in.int32(8)).isEqualTo(2);
    assertThat(in.name(16)).isEqualTo(FileName.ofText("old"));
    assertThat(in.afterText(16)).isEqualTo(20);
    assertThat(in.name(20).toBytes()).containsExactly('n', 0xff, 'w');
    ByteBuffer data = in.data(17, 2);
    assertThat(StandardCharsets.US_ASCII.decode(data).toString()).isEqualTo("ld");
  }

  @Test
  void aRequestIsAsLongAsItSays() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(100).order(ByteOrder.nativeOrder());
    Request in = new Request(bytes);
    bytes.putInt(0, 48);
    in.wrap(48);
    assertThatThrownBy(() -> in.wrap(56)).isInstanceOf(MalformedRequestException.class);
    assertThatThrownBy(() -> in.wrap(39)).isInstanceOf(MalformedRequestException.class);
    bytes.putInt(0, 104);
    assertThatThrownBy(() -> in.wrap(104)).isInstanceOf(MalformedRequestException.class);
  }

  @Test
  void extensionsAreNoPartOfTheBody() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(100).order(ByteOrder.nativeOrder());
    Request in = new Request(bytes);
    bytes.putInt(0, 64).putShort(36, (short) 2);
    in.wrap(64);
    assertThat(in.bodyBytes()).isEqualTo(8);
    assertThatThrownBy(() -> in.int64(1)).isInstanceOf(MalformedRequestException.class);
    bytes.putShort(36, (short) 4);
    assertThatThrownBy(() -> in.wrap(64)).isInstanceOf(MalformedRequestException.class);
    bytes.putShort(36, (short) -1);
    assertThatThrownBy(() -> in.wrap(64)).isInstanceOf(MalformedRequestException.class);
  }

  @Test
  void nothingIsReadBeyondTheEnd() {
    Request in = Bytes.request(1, 1).data("abc").decoded();
    assertThatThrownBy(() -> in.text(0)).isInstanceOf(MalformedRequestException.class);
    assertThatThrownBy(() -> in.int32(0)).isInstanceOf(MalformedRequestException.class);
    assertThatThrownBy(() -> in.data(1, 3)).isInstanceOf(MalformedRequestException.class);
    assertThatThrownBy(() -> in.data(-1, 2)).isInstanceOf(MalformedRequestException.class);
    assertThatThrownBy(() -> in.data(1, -1)).isInstanceOf(MalformedRequestException.class);
    assertThatThrownBy(() -> in.data(2, Integer.MAX_VALUE))
        .isInstanceOf(MalformedRequestException.class);
    assertThat(in.data(3, 0).remaining()).isZero();
  }

  @Test
  void nodesAndSizesThatCannotBe() {
    assertThatThrownBy(() -> Bytes.request(3, 0).decoded().inode())
        .isInstanceOf(MalformedRequestException.class);
    assertThatThrownBy(() -> Bytes.request(3, -1).decoded().inode())
        .isInstanceOf(MalformedRequestException.class);
    assertThatThrownBy(() -> Bytes.request(15, 1).int32(-1).decoded().sizeAt(0, 10))
        .isInstanceOf(MalformedRequestException.class);
    assertThatThrownBy(() -> Bytes.request(15, 1).int32(11).decoded().sizeAt(0, 10))
        .isInstanceOf(MalformedRequestException.class);
  }

  @Test
  void namesAreJudged() {
    assertThatThrownBy(() -> Bytes.request(1, 1).text("a/b").decoded().name(0))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    assertThatThrownBy(() -> Bytes.request(1, 1).text("x".repeat(256)).decoded().name(0))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENAMETOOLONG));
  }
}
