/**
 * The transport on jnr-fuse 0.5.8 and libfuse 2.9: paths in, inodes on. What libfuse2 cannot do is
 * listed in docs/posix.md.
 *
 * <p>Callbacks come on thousands of short-lived native threads, so nothing here may be kept by
 * thread.
 */
package io.pandofs.mount.fuse.jnr;
