package io.pandofs.meta.engine;

/**
 * The replicated tables, in the order in which they are hashed. Keys and rows are described in
 * docs/formats.md.
 */
public enum Table {
  /** Superblock, counters, totals, nodes, placement. */
  SYSTEM("system"),
  /** Inode number to identity and attributes. */
  INODES("inodes"),
  /** Directory, hash of the name and collision number to name and inode. */
  DENTRIES("dentries"),
  /** Inode and offset to a part of a block. */
  EXTENTS("extents"),
  /** Block number to length, checksum and references. */
  BLOCKS("blocks"),
  /** Inode and name to an extended attribute's value. */
  XATTRS("xattrs"),
  /** Inode without a link to the log index that took its last one. */
  ORPHANS("orphans"),
  /** Session number to node, last sequence and acknowledged sequence. */
  SESSIONS("sessions"),
  /** Session and sequence to the encoded reply. */
  RESULTS("results"),
  /** Session, kind and first number to the end of a granted range. */
  GRANTS("grants"),
  /** Locks of files, those held and those waited for, and the sessions that have any. */
  LOCKS("locks"),
  /** Block number to checksum, references and bytes of a block that is on no replica yet. */
  INLINE("inline");

  private final String columnFamily;

  Table(String columnFamily) {
    this.columnFamily = columnFamily;
  }

  /** The name on disk; never changes. */
  public String columnFamily() {
    return columnFamily;
  }
}
