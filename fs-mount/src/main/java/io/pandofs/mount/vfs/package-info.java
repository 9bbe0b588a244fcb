/**
 * The inode-based filesystem of one mount: names and attributes straight from the metadata, file
 * data through a write buffer, a read cache and the blocks. It speaks inodes, handles and errnos as
 * the kernel does, and knows no FUSE structure: a transport sits on top of it.
 *
 * <p>Calls block the calling thread; they may come from any number of threads. Locks: {@link
 * io.pandofs.mount.vfs.OpenFile} has two, one over its buffers that is never held over I/O, and one
 * that orders writes against changes of the file's shape (truncate, punch), which is.
 */
package io.pandofs.mount.vfs;
