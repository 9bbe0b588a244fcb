package io.pandofs.mount.fuse;

import io.pandofs.mount.vfs.Vfs;

/** A way to show a Vfs to the kernel. */
public interface Transport {

  /** The type that the mount table shows. */
  String FILESYSTEM_TYPE = "fuse.pando";

  /**
   * Mounts, and returns when the mount answers. A dead mount that a killed process has left at the
   * same place is taken away first.
   *
   * @throws MountException why not, in one sentence; then nothing is mounted
   */
  Mount mount(Vfs vfs, MountOptions options) throws MountException;
}
