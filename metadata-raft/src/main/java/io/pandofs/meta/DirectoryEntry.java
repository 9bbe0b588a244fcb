package io.pandofs.meta;

import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;

/**
 * An entry as readdir(3) gives it; "." and ".." are the Vfs's to make.
 *
 * @param cookie where a reader goes on after this entry: over 2, and the same for as long as the
 *     entry lives
 */
public record DirectoryEntry(long cookie, FileName name, InodeId inode, FileType type) {}
