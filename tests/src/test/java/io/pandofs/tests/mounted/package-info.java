/**
 * One tree on three mounts, judged by the fuzzer, the coherence checker, ordinary programs and the
 * pause meter.
 */
package io.pandofs.tests.mounted;
