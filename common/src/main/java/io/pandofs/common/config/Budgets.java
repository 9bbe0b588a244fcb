package io.pandofs.common.config;

/**
 * How much memory the parts of a node may use, in bytes. Past its budget a part slows its callers
 * down.
 *
 * @param writeBuffer written data that a mount has not yet put on a quorum
 * @param blockPuts blocks on their way to replicas
 * @param readCache blocks kept for readers and read ahead
 * @param metadataTables RocksDB's cache for the metadata
 * @param blockTables RocksDB's cache for the block store
 */
public record Budgets(
    long writeBuffer, long blockPuts, long readCache, long metadataTables, long blockTables) {
  private static final long MIB = 1L << 20;
  private static final long MIN = 4 * MIB;
  private static final long MAX = 64 * 1024 * MIB;

  static final Budgets DEFAULT = new Budgets(32 * MIB, 32 * MIB, 32 * MIB, 32 * MIB, 32 * MIB);

  /**
   * Beside the budgets: single blocks of scrub, checks and compaction, and a MiB of pieces for each
   * disk.
   */
  public static final long SINGLE_BLOCKS = 20 * MIB;

  /**
   * About the most direct memory that the parts take together by these budgets: a mount keeps a
   * quarter more in idle buffers, puts half more for pushes after the quorum and half in idle
   * buffers.
   */
  public long directBytes() {
    return (writeBuffer + readCache) / 4 * 5 + 2 * blockPuts + SINGLE_BLOCKS;
  }

  static Budgets read(ConfigTable table) throws ConfigException {
    return new Budgets(
        table.size("budget.write_buffer", DEFAULT.writeBuffer, MIN, MAX),
        table.size("budget.block_puts", DEFAULT.blockPuts, MIN, MAX),
        table.size("budget.read_cache", DEFAULT.readCache, MIN, MAX),
        table.size("budget.metadata_tables", DEFAULT.metadataTables, MIN, MAX),
        table.size("budget.block_tables", DEFAULT.blockTables, MIN, MAX));
  }
}
