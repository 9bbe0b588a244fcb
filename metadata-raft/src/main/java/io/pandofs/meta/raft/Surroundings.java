package io.pandofs.meta.raft;

import io.pandofs.common.net.Connections;
import io.pandofs.common.time.Clock;
import io.pandofs.meta.rocksdb.RocksMemory;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;

/**
 * What a replica needs from outside and does not close.
 *
 * @param scheduler for short tasks; never blocked by the replica
 * @param connections to other nodes' control services
 * @param memory what the tables may use
 * @param random volume numbers and nonces; must be unpredictable in production
 */
public record Surroundings(
    Clock clock,
    ScheduledExecutorService scheduler,
    Connections connections,
    RocksMemory memory,
    RandomGenerator random) {}
