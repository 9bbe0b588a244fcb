/** Tests of the transport that speaks the kernel's protocol, by bytes laid out by hand. */
package io.pandofs.mount.fuse.direct;
