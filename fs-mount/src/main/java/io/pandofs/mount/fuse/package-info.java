/** How a Vfs gets to be a directory of the machine. */
package io.pandofs.mount.fuse;
