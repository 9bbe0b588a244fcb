/** Contract tests of the Vfs over a volume in memory. */
package io.pandofs.mount.vfs;
