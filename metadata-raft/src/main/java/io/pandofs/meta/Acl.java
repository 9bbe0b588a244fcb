package io.pandofs.meta;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An access control list (acl(5), from the draft POSIX.1e 17), with the entries that one must have,
 * in their order. Programs set and get it as an extended attribute in the form of
 * linux/posix_acl_xattr.h, version 2, little-endian. The kernel of the caller's machine obeys it.
 * Immutable.
 */
public final class Acl {

  /** The two lists that an inode may have. */
  public enum Kind {
    /** Who may do what; its owner's, group class's and others' rights are the mode's. */
    ACCESS("system.posix_acl_access"),

    /** Of a directory: what is made in it begins with this. */
    DEFAULT("system.posix_acl_default");

    private final String attribute;

    Kind(String attribute) {
      this.attribute = attribute;
    }

    /** The name of the extended attribute. */
    public byte[] attribute() {
      return attribute.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The list that an extended attribute is; null for any other. */
    public static @Nullable Kind of(byte[] name) {
      String text = new String(name, StandardCharsets.ISO_8859_1);
      for (Kind kind : values()) {
        if (kind.attribute.equals(text)) {
          return kind;
        }
      }
      return null;
    }
  }

  /** As much as FUSE asks for (fs/fuse/acl.c): 511 entries. */
  public static final int BYTES_MAX = 4096;

  private static final int VERSION = 2;
  private static final int HEADER_BYTES = 4;
  private static final int ENTRY_BYTES = 8;

  // Tags, in the order that the entries have.
  private static final int OWNER = 1;
  private static final int USER = 2;
  private static final int OWNING_GROUP = 4;
  private static final int GROUP = 8;
  private static final int MASK = 16;
  private static final int OTHERS = 32;

  /** Entries of a list that says no more than a mode does. */
  private static final int ENTRIES_OF_MODE = 3;

  private static final int NO_ID = -1;
  private static final int RIGHTS = 7;
  private static final int RIGHTS_OF_ALL = 0777;
  private static final int OWNER_SHIFT = 6;
  private static final int GROUP_SHIFT = 3;

  private record Entry(int tag, int rights, int id) {
    boolean isNamed() {
      return tag == USER || tag == GROUP;
    }

    Entry with(int newRights) {
      return new Entry(tag, newRights, id);
    }
  }

  private final List<Entry> entries;

  private Acl(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /**
   * Reads the attribute's form.
   *
   * @throws ErrnoException E2BIG over {@link #BYTES_MAX}, EOPNOTSUPP for another version, EINVAL
   *     for what is no list, or one without sense
   */
  public static Acl of(byte[] value) throws ErrnoException {
    if (value.length > BYTES_MAX) {
      throw new ErrnoException(Errno.E2BIG);
    }
    if (value.length < HEADER_BYTES || (value.length - HEADER_BYTES) % ENTRY_BYTES != 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    ByteBuffer in = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
    if (in.getInt() != VERSION) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
    List<Entry> entries = new ArrayList<>();
    while (in.hasRemaining()) {
      int tag = Short.toUnsignedInt(in.getShort());
      int rights = Short.toUnsignedInt(in.getShort());
      int id = in.getInt();
      boolean named = tag == USER || tag == GROUP;
      entries.add(new Entry(tag, rights, named ? id : NO_ID));
    }
    check(entries);
    return new Acl(entries);
  }

  /** As posix_acl_valid in fs/posix_acl.c. */
  private static void check(List<Entry> entries) throws ErrnoException {
    int last = 0;
    int seen = 0;
    for (Entry entry : entries) {
      boolean known = Integer.bitCount(entry.tag) == 1 && entry.tag <= OTHERS;
      boolean inOrder = entry.tag > last || (entry.tag == last && entry.isNamed());
      boolean sane = (entry.rights & ~RIGHTS) == 0 && entry.isNamed() == (entry.id != NO_ID);
      if (!known || !inOrder || !sane) {
        throw new ErrnoException(Errno.EINVAL);
      }
      last = entry.tag;
      seen |= entry.tag;
    }
    int needed = OWNER | OWNING_GROUP | OTHERS;
    boolean named = (seen & (USER | GROUP)) != 0;
    if ((seen & needed) != needed || (named && (seen & MASK) == 0)) {
      throw new ErrnoException(Errno.EINVAL);
    }
  }

  /** The attribute's form. */
  public byte[] toBytes() {
    ByteBuffer out =
        ByteBuffer.allocate(HEADER_BYTES + ENTRY_BYTES * entries.size())
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(VERSION);
    for (Entry entry : entries) {
      out.putShort((short) entry.tag).putShort((short) entry.rights).putInt(entry.id);
    }
    return out.array();
  }

  /** Whether nine bits of a mode say all that it says. */
  public boolean isMode() {
    return entries.size() == ENTRIES_OF_MODE;
  }

  /** Nine bits of a mode: the group's are the mask, if there is one. */
  public int mode() {
    int mode = 0;
    for (Entry entry : entries) {
      if (isInMode(entry)) {
        mode |= entry.rights << shift(entry);
      }
    }
    return mode;
  }

  /** Nine bits of a mode that allow nobody more than the list does, where only the mode counts. */
  public int modeAlone() {
    int rights = RIGHTS;
    for (Entry entry : entries) {
      if (entry.tag == OWNING_GROUP || entry.tag == MASK) {
        rights &= entry.rights;
      }
    }
    return (mode() & ~(RIGHTS << GROUP_SHIFT)) | (rights << GROUP_SHIFT);
  }

  /** The list after chmod(2) to these nine bits. */
  public Acl withMode(int mode) {
    return new Acl(
        entries.stream().map(e -> isInMode(e) ? e.with((mode >> shift(e)) & RIGHTS) : e).toList());
  }

  /**
   * The access list of what is made in a directory of which this is the default list, when it is
   * asked for with these permissions: no more than both allow.
   */
  public Acl inherited(int permissions) {
    return withMode(permissions & RIGHTS_OF_ALL & mode());
  }

  private boolean isInMode(Entry entry) {
    return switch (entry.tag) {
      case OWNER, MASK, OTHERS -> true;
      case OWNING_GROUP -> entries.stream().noneMatch(other -> other.tag == MASK);
      default -> false;
    };
  }

  private static int shift(Entry entry) {
    return switch (entry.tag) {
      case OWNER -> OWNER_SHIFT;
      case OTHERS -> 0;
      default -> GROUP_SHIFT;
    };
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Acl acl && acl.entries.equals(entries);
  }

  @Override
  public int hashCode() {
    return entries.hashCode();
  }

  @Override
  public String toString() {
    return entries.toString();
  }
}
