/**
 * The block protocol: puts and reads between nodes over {@code io.pandofs.common.net}. Whatever a
 * peer says is checked here before anything else sees it.
 */
package io.pandofs.block.net;
