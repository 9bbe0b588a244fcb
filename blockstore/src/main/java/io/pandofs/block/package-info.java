/**
 * Immutable blocks: what the mount and the node's wiring may know of them. Knows no inode and no
 * log; what it must hold it asks of {@link io.pandofs.block.BlockDirectory}.
 */
package io.pandofs.block;
