package io.pandofs.meta.engine;

/** What can be wrong between rows of the tables; see {@link TableCheck}. */
public enum TableProblem {
  /** A row that is not what any version of Pando wrote; what comes behind it was not looked at. */
  DAMAGED_ROW,
  /** A name of an inode that there is not. */
  NAME_OF_NOTHING,
  /** A name in a slot where nobody finds it, or a slot kept for the sake of no other name. */
  WRONG_SLOT,
  /** A name in something that is no directory. */
  NAME_IN_NO_DIRECTORY,
  /** A name that calls an inode another type than it has. */
  WRONG_TYPE,
  /** A directory that is not where it says it is. */
  WRONG_PARENT,
  /** An inode that no name leads to, though it has links; or a directory apart from the root. */
  UNREACHABLE,
  /** A count of links that is not the number of names. */
  WRONG_LINKS,
  /** An inode without links that is no orphan, or an orphan that has links or does not exist. */
  WRONG_ORPHAN,
  /** An extent of something that is no file, or outside of the file or of its block. */
  WRONG_EXTENT,
  /** Extents that overlap. */
  OVERLAP,
  /** Allocated bytes that are not those of the extents. */
  WRONG_ALLOCATION,
  /** An extent of a block that the block table does not know. */
  UNKNOWN_BLOCK,
  /** A block whose references are not the number of its extents. */
  WRONG_REFERENCES,
  /** Bytes in the tables that are not what their checksum was made of; or a block in two tables. */
  WRONG_INLINE,
  /** An extended attribute of an inode that there is not. */
  XATTR_OF_NOTHING,
  /** An access control list that makes no sense, or not for this mode or type of file. */
  WRONG_ACL,
  /** A lease of a session that has never been. */
  WRONG_LEASE,
  /** A lock of a session or an inode that there is not. */
  WRONG_LOCK,
  /** A node's key, or a place in the placement map, of a node that is no member. */
  OF_NO_MEMBER,
  /** Totals of inodes or bytes that do not add up. */
  WRONG_TOTALS
}
