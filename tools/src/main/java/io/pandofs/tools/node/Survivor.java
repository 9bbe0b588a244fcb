package io.pandofs.tools.node;

import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocks.LocalBlock;
import io.pandofs.common.NodeId;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.time.Clock;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.engine.ClusterView;
import io.pandofs.meta.raft.DataDirectory;
import io.pandofs.meta.raft.Recovery;
import io.pandofs.meta.rocksdb.RocksMemory;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code pando recover}: the node of this machine, whose daemon is stopped, carries the cluster on
 * alone after a majority was lost for good.
 */
public final class Survivor implements AutoCloseable {
  private static final long MEMORY = 16 << 20;

  private final Parts parts = new Parts();
  private final Recovery recovery;
  private final LocalBlocks blocks;

  private Survivor(NodeConfig config) throws Refusal {
    Clock clock = new SystemClock();
    try {
      DataDirectory data = parts.add("data directory", Metadata.lock(config.dataDirectory()));
      RocksMemory memory = parts.add("table memory", new RocksMemory(MEMORY, MEMORY / 2));
      recovery = parts.add("recovery", Recovery.open(data, memory));
      blocks = NodeDisks.openAll(config, recovery.identity(), clock, parts);
    } catch (IOException e) {
      parts.close();
      throw new Refusal("Cannot recover: " + e.getMessage() + ".", e);
    } catch (Refusal | RuntimeException e) {
      parts.close();
      throw e;
    }
  }

  /** Opens the node's data; refused while its daemon runs. */
  public static Survivor open(NodeConfig config) throws Refusal {
    return new Survivor(config);
  }

  /**
   * What is known of the loss.
   *
   * @param lost ids of the other nodes, with commas between: what a person must type to confirm
   * @param names the other nodes, for reading
   * @param lastIndex the last log entry that is here
   * @param blocks how many blocks files need
   * @param missing how many of these are not here
   * @param missingBytes of these
   */
  public record Loss(
      String survivor,
      String volume,
      String lost,
      List<String> names,
      long lastIndex,
      long blocks,
      long missing,
      long missingBytes) {}

  /** Looks what would be lost. */
  public Loss loss() throws IOException {
    long[] count = new long[3];
    recovery.blocks(
        block -> {
          count[0]++;
          if (!isHere(block)) {
            count[1]++;
            count[2] += block.length();
          }
        });
    List<String> lost = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (ClusterView.Node node : recovery.lost()) {
      lost.add(node.id().toString());
      names.add(Members.text(node));
    }
    for (NodeId node : recovery.lostVoters()) {
      lost.add(node.toString());
      names.add(node + " (removed, but its vote is still asked for)");
    }
    return new Loss(
        recovery.identity().node().toString(),
        Long.toHexString(recovery.identity().volumeId()),
        String.join(",", lost),
        names,
        recovery.lastIndex(),
        count[0],
        count[1],
        count[2]);
  }

  private boolean isHere(ClusterView.Block block) throws IOException {
    LocalBlock found = blocks.find(block.id());
    return found != null && found.length() == block.length() && found.crc32c() == block.crc32c();
  }

  /** Does it. */
  public void commit() throws IOException {
    recovery.commit();
  }

  @Override
  public void close() {
    parts.close();
  }
}
