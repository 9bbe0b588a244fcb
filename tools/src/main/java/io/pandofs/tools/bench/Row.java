package io.pandofs.tools.bench;

/**
 * What is measured, in this order; later rows use what earlier ones have made.
 *
 * <p>The requests are those that the kernel makes of a FUSE daemon for one operation, if it keeps
 * nothing of the path: fs/fuse/dir.c and file.c. What a filesystem does beyond them takes longer.
 */
enum Row {
  WRITE("write 1 MiB steps, one fsync", Unit.MEGABYTES, false, 0, 0),
  READ("read 1 MiB steps, no page cache", Unit.MEGABYTES, false, 0, 0),
  RANDOM_READ("read 4 KiB at random, no cache", Unit.OPERATIONS, false, 1, 0),
  RANDOM_READS("read 4 KiB at random, no cache", Unit.OPERATIONS, true, 0, 0),
  FSYNC("write 4 KiB and fdatasync", Unit.OPERATIONS, false, 2, 1),
  FSYNCS("write 4 KiB and fdatasync", Unit.OPERATIONS, true, 0, 0),
  CREATE("create, write 4 KiB, close", Unit.FILES, false, 4, 0),
  CREATES("create, write 4 KiB, close", Unit.FILES, true, 0, 0),
  STAT("stat", Unit.FILES, false, 1, 0),
  LIST("list with attributes", Unit.FILES, false, 0, 0),
  OPEN("open, read 4 KiB, close", Unit.FILES, false, 4, 0),
  RENAME("rename", Unit.FILES, false, 3, 0),
  UNLINK("unlink", Unit.FILES, false, 2, 0);

  private final String what;
  private final Unit unit;
  private final boolean many;
  private final int requests;
  private final int rounds;

  Row(String what, Unit unit, boolean many, int requests, int rounds) {
    this.what = what;
    this.unit = unit;
    this.many = many;
    this.requests = requests;
    this.rounds = rounds;
  }

  /** What is counted each second. */
  enum Unit {
    MEGABYTES("MB/s"),
    OPERATIONS("1/s"),
    FILES("files/s");

    private final String text;

    Unit(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** For a person. */
  String what() {
    return what;
  }

  /** For a script. */
  String key() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  Unit unit() {
    return unit;
  }

  /** Whether many threads do it. */
  boolean isOfMany() {
    return many;
  }

  /** What one operation needs of the kernel's connection at least; 0: no bound. */
  int requests() {
    return requests;
  }

  /** How many rounds of the log one operation waits for at least. */
  int rounds() {
    return rounds;
  }
}
