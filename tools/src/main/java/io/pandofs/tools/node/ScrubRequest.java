package io.pandofs.tools.node;

import io.pandofs.block.BlockRow;
import io.pandofs.block.replication.BlockCheck;
import io.pandofs.block.replication.Keeper;
import io.pandofs.block.replication.Scrub;
import io.pandofs.common.BlockId;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.time.Clock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.admin.AdminCommand;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code pando scrub}: begins a pass when asked to ({@code now}), and a comparison of the metadata
 * tables of all nodes, or checks the files at a {@code path} within the mount at once; waits for
 * the end of a pass and for the repair of what was found when asked to ({@code wait}), and answers
 * with the state of scrubbing.
 */
final class ScrubRequest implements AdminCommand {
  private static final Duration COMPARING_PATIENCE = Duration.ofSeconds(5);

  private final BlockSide side;
  private final LocalDirectory directory;
  private final PathScrub.Views views;
  private final Comparing tables;
  private final @Nullable Path mount;
  private final Clock clock;

  /** Has the nodes compare their metadata tables; returns when they have been told to. */
  @FunctionalInterface
  interface Comparing {
    void begin(Duration patience) throws ErrnoException;
  }

  ScrubRequest(
      BlockSide side,
      LocalDirectory directory,
      PathScrub.Views views,
      Comparing tables,
      @Nullable Path mount,
      Clock clock) {
    this.side = side;
    this.directory = directory;
    this.views = views;
    this.tables = tables;
    this.mount = mount;
    this.clock = clock;
  }

  @Override
  public Map<String, @Nullable Object> run(JsonObject request, Progress progress)
      throws Refusal, IOException, InterruptedException {
    if (!request.text("path").isEmpty()) {
      return path(request.text("path"), request.flag("wait"), progress);
    }
    if (request.flag("now")) {
      long number = side.scrub.startNow();
      compareTables(progress);
      if (request.flag("wait")) {
        awaitEnd(number, progress);
        new Repairs(side.keeper, progress).await();
      }
    }
    return document(side);
  }

  private void compareTables(Progress progress) throws IOException {
    try {
      tables.begin(COMPARING_PATIENCE);
    } catch (ErrnoException e) {
      progress.say("the metadata tables are not compared: " + e.getMessage());
    }
  }

  private Map<String, @Nullable Object> path(String path, boolean wait, Progress progress)
      throws Refusal, IOException, InterruptedException {
    // As text: names in the volume need not be such as this process' locale can spell.
    String root = mount + "/";
    if (mount == null || !(path + "/").startsWith(root)) {
      throw new Refusal(path + " is not within this node's mount.");
    }
    Map<String, @Nullable Object> checked =
        new PathScrub(views, copies(), side.scrubPace(clock.nanoTime()), clock, progress)
            .run((path + "/").substring(root.length()));
    if (wait) {
      new Repairs(side.keeper, progress).await();
    }
    Map<String, @Nullable Object> document = document(side);
    document.put("checked", checked);
    return document;
  }

  private PathScrub.Copies copies() {
    BlockCheck check = side.check();
    return new PathScrub.Copies() {
      @Override
      public @Nullable BlockRow row(BlockId block) {
        return directory.row(block);
      }

      @Override
      public boolean isMine(BlockId block) {
        return check.isMine(block);
      }

      @Override
      public boolean isFaulty(BlockRow row) {
        return check.isFaulty(row);
      }

      @Override
      public boolean isSwamped() {
        return side.keeper.isSwamped();
      }
    };
  }

  private void awaitEnd(long number, Progress progress) throws IOException, InterruptedException {
    for (long look = 1; !side.scrub.hasEnded(number); look++) {
      Pause.ofMillis(Repairs.LOOK_MILLIS);
      Scrub.Pass pass = side.scrub.state().present();
      if (look % Repairs.SAY_EVERY_LOOKS == 0 && pass != null) {
        progress.say(
            "checked " + pass.blocks() + " blocks, " + pass.faults() + " were bad or gone");
      }
    }
  }

  /** The state of scrubbing, as it stands in the status too. */
  static Map<String, @Nullable Object> document(BlockSide side) {
    Scrub.State state = side.scrub.state();
    Keeper.Faults faults = side.keeper.faults();
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("running", state.present() != null);
    document.put("present", ScrubFile.document(state.present()));
    document.put("last", ScrubFile.document(state.last()));
    document.put("faults_found", faults.found());
    document.put("faults_repaired", faults.repaired());
    document.put("faults_open", faults.open());
    return document;
  }
}
