/** Contract tests of compaction over a volume in memory. */
package io.pandofs.mount.compaction;
