/**
 * The replicated log: Apache Ratis around the engine, sessions, membership, and the way a mount's
 * operations reach the leader. {@link io.pandofs.meta.raft.MetadataReplica} is the way in.
 *
 * <p>Ratis stays inside this package.
 */
package io.pandofs.meta.raft;
