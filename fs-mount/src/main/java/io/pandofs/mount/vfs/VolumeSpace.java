package io.pandofs.mount.vfs;

/**
 * What statvfs(3) tells.
 *
 * @param inodes inodes in use; there is no limit to them
 */
public record VolumeSpace(long totalBytes, long freeBytes, long inodes) {}
