/**
 * One node's own blocks on RocksDB, whose classes are seen nowhere else on the block side.
 *
 * <p>Bulk data is written once, into table files with monotone keys (segments); small batches go
 * through the write-ahead log. One thread changes the tables ({@code Committer}); any thread reads
 * them. docs/decisions/0002 has the measurements, docs/formats.md the bytes.
 */
package io.pandofs.block.local;
