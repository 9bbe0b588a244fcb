package io.pandofs.tests.mounted;

final class JnrOneTreeTest extends OneTree {

  JnrOneTreeTest() {
    super("jnr", false);
  }
}
