package io.pandofs.tests.mounted;

final class DirectOneTreeTest extends OneTree {

  DirectOneTreeTest() {
    super("direct", true);
  }
}
