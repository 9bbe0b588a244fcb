package io.pandofs.meta.engine;

import io.pandofs.common.ErrnoException;
import io.pandofs.meta.Acl;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** Access control lists as the bytes that they are: tag, rights and id of each entry. */
final class ModelAcl {
  static final String ACCESS = "system.posix_acl_access";
  static final String DEFAULT = "system.posix_acl_default";

  private static final int FIRST = 4;
  private static final int ENTRY = 8;

  private ModelAcl() {}

  static int entries(byte[] list) {
    return (list.length - FIRST) / ENTRY;
  }

  static int mode(byte[] list) {
    return (rights(list, 1) << 6) | (rights(list, groupClass(list)) << 3) | rights(list, 32);
  }

  static byte[] withMode(byte[] list, int mode) {
    byte[] changed = list.clone();
    set(changed, 1, (mode >> 6) & 7);
    set(changed, groupClass(list), (mode >> 3) & 7);
    set(changed, 32, mode & 7);
    return changed;
  }

  private static int groupClass(byte[] list) {
    return at(list, 16) > 0 ? 16 : 4;
  }

  private static int at(byte[] list, int tag) {
    for (int i = FIRST; i < list.length; i += ENTRY) {
      if (list[i] == tag) {
        return i;
      }
    }
    return -1;
  }

  private static int rights(byte[] list, int tag) {
    return list[at(list, tag) + 2];
  }

  private static void set(byte[] list, int tag, int rights) {
    list[at(list, tag) + 2] = (byte) rights;
  }

  static Acl random(Random random) {
    ByteBuffer out = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN).putInt(2);
    int users = random.nextInt(3);
    int groups = random.nextInt(3);
    add(out, 1, random, -1);
    for (int i = 0; i < users; i++) {
      add(out, 2, random, i);
    }
    add(out, 4, random, -1);
    for (int i = 0; i < groups; i++) {
      add(out, 8, random, i);
    }
    if (users + groups > 0 || random.nextBoolean()) {
      add(out, 16, random, -1);
    }
    add(out, 32, random, -1);
    byte[] list = new byte[out.flip().remaining()];
    out.get(list);
    try {
      return Acl.of(list);
    } catch (ErrnoException e) {
      throw new AssertionError(e);
    }
  }

  private static void add(ByteBuffer out, int tag, Random random, int id) {
    out.putShort((short) tag).putShort((short) random.nextInt(8)).putInt(id);
  }
}
