package io.pandofs.mount.fuse;

/** The direct transport, mounted as users who are not root mount it. */
class HelpedMountLifeTest extends MountLife {

  HelpedMountLifeTest() {
    super("helped");
  }
}
