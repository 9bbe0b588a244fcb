/**
 * Keeps blocks on all nodes that ought to hold them: the replicated writer and reader, repair, and
 * the collection of what nothing references. Rules: PROTOCOL rules 13 to 16.
 */
package io.pandofs.block.replication;
