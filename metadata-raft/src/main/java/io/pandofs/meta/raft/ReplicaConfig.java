package io.pandofs.meta.raft;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a replica is told about itself.
 *
 * @param dataDir holds raft/, meta/ and identity/
 * @param name for people
 * @param raftListen where Ratis listens
 * @param raftAdvertised host:port where the other nodes reach that
 * @param controlAdvertised host:port where the other nodes reach this node's control service
 * @param blocksAdvertised host:port of this node's block server
 * @param security keys and certificates; null where connections are plain, on one machine
 */
public record ReplicaConfig(
    Path dataDir,
    String name,
    InetSocketAddress raftListen,
    String raftAdvertised,
    String controlAdvertised,
    String blocksAdvertised,
    @Nullable NodeSecurity security,
    RaftTiming timing,
    LogLimits limits) {}
