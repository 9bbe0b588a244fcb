package io.pandofs.meta;

/**
 * What the tables know of the volume; free space is the block stores' to tell.
 *
 * @param inodes inodes in use
 * @param storedBytes bytes of live blocks, before replication
 * @param inlineBytes those of them that are in the tables themselves
 */
public record VolumeStats(long inodes, long storedBytes, long inlineBytes) {}
