/**
 * Stores files anew that lie badly in their blocks, in the background, so that space comes back and
 * extents stay few. It knows the metadata and the blocks as a mount does, and no mount.
 */
@org.jspecify.annotations.NullMarked
package io.pandofs.mount.compaction;
