package io.pandofs.mount.fuse;

class JnrMountLifeTest extends MountLife {

  JnrMountLifeTest() {
    super("jnr");
  }
}
