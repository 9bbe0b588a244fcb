/**
 * The differential fuzzer: random operation lists on a directory under test and on one of the
 * machine's own ext4, every answer and the whole tree compared, a failure shrunk to a short list.
 */
package io.pandofs.tests.fuzz;
