/** {@code pando bench}: how fast a directory is, beside what bounds it on the same machine. */
package io.pandofs.tools.bench;
