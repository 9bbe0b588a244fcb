package io.pandofs.meta;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class AclTest {
  private static final int[] OWNER = {1, 6, -1};
  private static final int[] USER = {2, 7, 1000};
  private static final int[] OWNING_GROUP = {4, 5, -1};
  private static final int[] GROUP = {8, 1, 1000};
  private static final int[] MASK = {16, 3, -1};
  private static final int[] OTHERS = {32, 4, -1};

  private static byte[] list(int version, int[]... entries) {
    ByteBuffer out =
        ByteBuffer.allocate(4 + 8 * entries.length).order(ByteOrder.LITTLE_ENDIAN).putInt(version);
    for (int[] entry : entries) {
      out.putShort((short) entry[0]).putShort((short) entry[1]).putInt(entry[2]);
    }
    return out.array();
  }

  private static void refused(Errno errno, byte[] list) {
    assertEquals(errno, assertThrows(ErrnoException.class, () -> Acl.of(list)).errno());
  }

  private static void refused(int[]... entries) {
    refused(Errno.EINVAL, list(2, entries));
  }

  @Test
  void keepsItsBytesButForIdsThatMeanNothing() throws ErrnoException {
    byte[] bytes = list(2, OWNER, USER, USER, OWNING_GROUP, GROUP, MASK, OTHERS);
    assertArrayEquals(bytes, Acl.of(bytes).toBytes());
    byte[] odd = list(2, new int[] {1, 6, 77}, OWNING_GROUP, OTHERS);
    assertArrayEquals(list(2, OWNER, OWNING_GROUP, OTHERS), Acl.of(odd).toBytes());
  }

  @Test
  void refusesWhatHasNoSense() throws ErrnoException {
    refused();
    refused(OWNER, OWNING_GROUP);
    refused(OWNING_GROUP, OTHERS);
    refused(OWNER, OTHERS);
    refused(OWNER, OWNER, OWNING_GROUP, OTHERS);
    refused(OWNER, OTHERS, OWNING_GROUP);
    refused(OWNER, OWNING_GROUP, OTHERS, OTHERS);
    refused(OWNER, OWNING_GROUP, MASK, MASK, OTHERS);
    refused(OWNER, USER, OWNING_GROUP, OTHERS);
    refused(OWNER, OWNING_GROUP, GROUP, OTHERS);
    refused(OWNER, OWNING_GROUP, USER, MASK, OTHERS);
    refused(OWNER, new int[] {2, 7, -1}, OWNING_GROUP, MASK, OTHERS);
    refused(new int[] {1, 8, -1}, OWNING_GROUP, OTHERS);
    refused(OWNER, new int[] {3, 7, -1}, OWNING_GROUP, OTHERS);
    refused(OWNER, OWNING_GROUP, OTHERS, new int[] {64, 7, -1});
    refused(Errno.EINVAL, new byte[3]);
    refused(Errno.EINVAL, new byte[0]);
    refused(Errno.EINVAL, new byte[] {2, 0, 0, 0, 1});
    refused(Errno.EOPNOTSUPP, list(1, OWNER, OWNING_GROUP, OTHERS));
    int[][] many = new int[512][];
    java.util.Arrays.fill(many, USER);
    refused(Errno.E2BIG, list(2, many));
    Acl.of(list(2, OWNER, OWNING_GROUP, OTHERS));
  }

  @Test
  void groupBitsAreTheMaskIfThereIsOne() throws ErrnoException {
    Acl plain = Acl.of(list(2, OWNER, OWNING_GROUP, OTHERS));
    Acl full = Acl.of(list(2, OWNER, USER, OWNING_GROUP, GROUP, MASK, OTHERS));
    assertEquals(0654, plain.mode());
    assertTrue(plain.isMode());
    assertEquals(0634, full.mode());
    assertFalse(full.isMode());
    assertFalse(Acl.of(list(2, OWNER, OWNING_GROUP, MASK, OTHERS)).isMode());
    assertEquals(0614, full.modeAlone());
    assertEquals(0654, plain.modeAlone());
    assertEquals(0421, plain.withMode(07421).mode());
    int[] narrow = {16, 2, -1};
    int[] other = {32, 1, -1};
    int[] owner = {1, 4, -1};
    assertEquals(
        Acl.of(list(2, owner, USER, OWNING_GROUP, GROUP, narrow, other)), full.withMode(0421));
    assertEquals(0620, full.inherited(07660).mode());
  }

  @Test
  void knowsItsAttributes() {
    for (Acl.Kind kind : Acl.Kind.values()) {
      assertEquals(kind, Acl.Kind.of(kind.attribute()));
    }
    assertEquals(null, Acl.Kind.of("system.posix_acl".getBytes()));
  }
}
