package io.pandofs.common.config;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a mount allows and how it keeps times, in the words of mount(8). Immutable.
 *
 * @param limits what differs from a mount that allows everything
 */
public record MountFlags(Set<Limit> limits, AccessTime accessTime) {

  /** A mount that allows everything. */
  public static final MountFlags NONE = new MountFlags(Set.of(), AccessTime.RELATIME);

  /** What a mount does not allow, or does more than it must. The numbers are those of mount(2). */
  public enum Limit {
    /** Nothing is changed through it. */
    RO(1),
    /** Programs get neither their file's owner nor its group, nor its capabilities. */
    NOSUID(2),
    /** Devices are not opened. */
    NODEV(4),
    /** Programs are not run. */
    NOEXEC(8),
    /** Each write is committed before it returns. */
    SYNC(16);

    private final long bit;

    Limit(long bit) {
      this.bit = bit;
    }

    /** As it is written. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** When reading moves atime. */
  public enum AccessTime {
    /** When it is not after mtime and ctime, or a day old. */
    RELATIME(1 << 21),
    /** Never. */
    NOATIME(1 << 10),
    /** With each first read through a descriptor. */
    STRICTATIME(1 << 24);

    private final long bit;

    AccessTime(long bit) {
      this.bit = bit;
    }
  }

  private static final Map<String, Limit> OPPOSITES =
      Map.of(
          "rw", Limit.RO,
          "suid", Limit.NOSUID,
          "dev", Limit.NODEV,
          "exec", Limit.NOEXEC,
          "async", Limit.SYNC);

  public MountFlags {
    limits = Set.copyOf(limits);
  }

  /**
   * Reads words with commas between them; of two that contradict each other the later one holds.
   *
   * @throws IllegalArgumentException for a word that is none, with a message for the user
   */
  public static MountFlags of(String text) {
    Set<Limit> limits = EnumSet.noneOf(Limit.class);
    AccessTime accessTime = AccessTime.RELATIME;
    for (String word : text.isEmpty() ? List.<String>of() : List.of(text.split(",", -1))) {
      Limit limit = find(Limit.values(), word);
      AccessTime times = find(AccessTime.values(), word);
      if (limit != null) {
        limits.add(limit);
      } else if (times != null) {
        accessTime = times;
      } else if (OPPOSITES.containsKey(word)) {
        limits.remove(OPPOSITES.get(word));
      } else {
        throw new IllegalArgumentException(
            "'"
                + word
                + "' is not known; write some of \"ro,nosuid,nodev,noexec,sync\", or one of"
                + " \"relatime\", \"noatime\", \"strictatime\"");
      }
    }
    return new MountFlags(limits, accessTime);
  }

  private static <E extends Enum<E>> @Nullable E find(E[] values, String word) {
    for (E value : values) {
      if (value.name().toLowerCase(Locale.ROOT).equals(word)) {
        return value;
      }
    }
    return null;
  }

  public boolean has(Limit limit) {
    return limits.contains(limit);
  }

  /** When reading moves atime, which a mount that changes nothing leaves alone. */
  public AccessTime movesAccessTime() {
    return has(Limit.RO) ? AccessTime.NOATIME : accessTime;
  }

  /** For mount(2). */
  public long bits() {
    return limits.stream().mapToLong(limit -> limit.bit).sum() | accessTime.bit;
  }

  /**
   * For fusermount and libfuse, a comma before each word. They do not know strictatime; the kernel
   * does nothing with it, as atime is the filesystem's to move.
   */
  public String helperWords() {
    String limited =
        Stream.of(Limit.values())
            .filter(this::has)
            .map(limit -> "," + limit.word())
            .collect(Collectors.joining());
    return accessTime == AccessTime.NOATIME ? limited + ",noatime" : limited;
  }
}
