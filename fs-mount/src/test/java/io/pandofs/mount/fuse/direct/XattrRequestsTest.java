package io.pandofs.mount.fuse.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileType;
import io.pandofs.mount.fuse.MountOptions;
import io.pandofs.mount.fuse.MountState;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.Volume;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the kernel asks of access control lists and capabilities, in the layouts of its requests.
 */
final class XattrRequestsTest {

  private static final String ACCESS = "system.posix_acl_access";

  /** rw- for the owner, r-- for user 5, nothing for the group, mask r--, nothing for others. */
  private static final byte[] LIST =
      HexFormat.of()
          .parseHex(
              "02000000"
                  + "01000600ffffffff"
                  + "0200040005000000"
                  + "04000000ffffffff"
                  + "10000400ffffffff"
                  + "20000000ffffffff");

  private final Volume volume = new Volume();
  private final Vfs vfs = volume.mount();
  private final Nodes nodes =
      new Nodes(vfs.namespace(), new MountState(() -> MountOptions.OK, vfs));
  private final XattrRequests requests = new XattrRequests(vfs.xattrs(), nodes);

  @SuppressWarnings("NullAway.Init")
  private InodeId file;

  @BeforeEach
  void makeFile() throws Exception {
    file =
        vfs.namespace()
            .makeNode(
                Volume.USER,
                InodeId.ROOT,
                FileName.ofText("f"),
                FileType.REGULAR,
                CreateMode.of(02755),
                0)
            .inode();
  }

  @AfterEach
  void end() {
    volume.close();
  }

  private static void assertFails(Errno errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  private Request remove(String name) {
    return Bytes.request(24, file.value(), 0).text(name).decoded();
  }

  /** In the form that SETXATTR_EXT brings. */
  private Request set(int flags) {
    Bytes request = Bytes.request(21, file.value(), 0).int32(LIST.length).int32(0);
    String list = new String(LIST, StandardCharsets.ISO_8859_1);
    return request.int32(flags).int32(0).text(ACCESS).data(list).decoded();
  }

  private int permissions() throws Exception {
    return vfs.namespace().attributes(file).permissions();
  }

  @Test
  void aListIsSetInTheLongFormAndSetgidGoesWhenTheKernelSaysSo() throws Exception {
    requests.haveAcls(true);
    requests.set(set(0));
    assertThat(permissions()).isEqualTo(02640);
    assertThat(vfs.xattrs().get(file, ACCESS.getBytes(StandardCharsets.US_ASCII))).isEqualTo(LIST);
    requests.set(set(1));
    assertThat(permissions()).isEqualTo(0640);
    requests.remove(remove(ACCESS));
    requests.remove(remove(ACCESS));
    assertThat(permissions()).isEqualTo(0640);
  }

  @Test
  void aListThatNobodyWouldObeyIsRefused() {
    assertFails(Errno.EOPNOTSUPP, () -> requests.remove(remove(ACCESS)));
  }

  /** The kernel's own removal before a write must not fail that write. */
  @Test
  void aCapabilityThatIsGoneIsNoError() throws Exception {
    requests.remove(remove("security.capability"));
    assertFails(Errno.ENODATA, () -> requests.remove(remove("user.a")));
  }
}
