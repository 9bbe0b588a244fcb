/**
 * The transport that speaks the kernel's FUSE protocol on /dev/fuse itself (linux/fuse.h, fuse(4)):
 * inodes in, inodes on. Linux only. Root mounts by mount(2), others through fusermount3.
 *
 * <p>A few threads read requests, each from a descriptor of its own, and whoever has read one also
 * serves it: no hand-over, no thread for each request. When the last reader takes a request another
 * thread begins to read, up to a limit ({@link io.pandofs.mount.fuse.direct.Workers}). Requests and
 * answers are looked at in place, in native memory ({@link io.pandofs.mount.fuse.direct.Request},
 * {@link io.pandofs.mount.fuse.direct.Reply}).
 *
 * <p>Node numbers are inode numbers; since those are never used again, the generation is always 0.
 * All timeouts are 0: the kernel asks every time.
 */
package io.pandofs.mount.fuse.direct;
