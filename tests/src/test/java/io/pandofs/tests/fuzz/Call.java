package io.pandofs.tests.fuzz;

/**
 * An operation and the mount it is made on, counted from 1. As text {@code 2> rmdir a}; a line that
 * names no mount is for the first.
 */
record Call(int mount, String line) {
  private static final String MARK = "> ";

  static Call parse(String text) {
    int mark = text.indexOf(MARK);
    return names(text)
        ? new Call(Integer.parseInt(text.substring(0, mark)), text.substring(mark + MARK.length()))
        : new Call(1, text);
  }

  /** Whether {@code text} says which mount it is for. */
  static boolean names(String text) {
    return text.matches("[1-9]> .*");
  }

  String text() {
    return mount == 1 ? line : mount + MARK + line;
  }
}
