package io.pandofs.tools.node;

import io.pandofs.block.BlockRow;
import io.pandofs.block.replication.BlockAudit;
import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.engine.TableCheck;
import io.pandofs.meta.raft.BlockTables;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminCommand;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * {@code pando fsck} on a running node: the tables as of one moment, the blocks as they go. With
 * {@code repair}, what is missing or bad is handed to repair and waited for, and leftovers to the
 * collector, which deletes them by its own rules. Disagreements in the tables are told alone.
 */
final class FsckRequest implements AdminCommand {
  private final NodeId self;
  private final BlockTables tables;
  private final LocalDirectory directory;
  private final BlockSide side;
  private final Semaphore alone = new Semaphore(1);

  FsckRequest(NodeId self, BlockTables tables, LocalDirectory directory, BlockSide side) {
    this.self = self;
    this.tables = tables;
    this.directory = directory;
    this.side = side;
  }

  @Override
  public Map<String, @Nullable Object> run(JsonObject request, Progress progress)
      throws Refusal, IOException, InterruptedException {
    if (!alone.tryAcquire()) {
      throw new Refusal("Another fsck runs on this node; wait for it.");
    }
    try {
      return check(request.flag("deep"), request.flag("repair"), progress);
    } finally {
      alone.release();
    }
  }

  private Map<String, @Nullable Object> check(boolean deep, boolean repair, Progress progress)
      throws IOException, InterruptedException {
    progress.say("checking the tables");
    TableCheck.Report names = tables.check();
    progress.say("checking the blocks of this node");
    BlockAudit.Report blocks = BlockAudit.of(side.local, live(), deep);
    Map<String, @Nullable Object> document = Fsck.document(names, blocks, deep);
    if (repair) {
      document.put("unrepaired", repair(names, blocks, progress));
    }
    return document;
  }

  private long repair(TableCheck.Report names, BlockAudit.Report blocks, Progress progress)
      throws IOException, InterruptedException {
    Repairs repairs = new Repairs(side.keeper, progress);
    if (blocks.leftover() > 0) {
      side.collector.sweepSoon();
    }
    long left = repairs.handIn(blocks.damaged(), side.keeper::damaged);
    left += repairs.handIn(blocks.missing(), side.keeper::missing);
    repairs.await();
    long tablesAlone = names.problems().values().stream().mapToLong(Long::longValue).sum();
    return tablesAlone + left + side.keeper.faults().open();
  }

  private BlockAudit.Table live() {
    return new BlockAudit.Table() {
      @Override
      public List<BlockRow> rowsAfter(long after, int limit) {
        return directory.rowsAfter(after, limit);
      }

      @Override
      public boolean isReferenced(BlockId block) {
        return directory.isReferenced(block);
      }

      @Override
      public boolean isMine(int group) {
        return directory.replicas(group).nodes().contains(self);
      }

      @Override
      public boolean isNeeded(BlockId block) {
        return directory.isNeeded(block);
      }

      @Override
      public boolean hasEnded(SessionId session) {
        return directory.hasEnded(session);
      }
    };
  }
}
