/** Tests of a real mount, served by a process of its own. */
package io.pandofs.mount.fuse;
