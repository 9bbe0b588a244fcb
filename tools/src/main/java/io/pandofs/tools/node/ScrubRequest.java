package io.pandofs.tools.node;

import io.pandofs.block.replication.Keeper;
import io.pandofs.block.replication.Scrub;
import io.pandofs.tools.admin.AdminCommand;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code pando scrub}: begins a pass when asked to ({@code now}), waits for its end and for the
 * repair of what it found when asked to ({@code wait}), and answers with the state of scrubbing.
 */
final class ScrubRequest implements AdminCommand {
  private final BlockSide side;

  ScrubRequest(BlockSide side) {
    this.side = side;
  }

  @Override
  public Map<String, @Nullable Object> run(JsonObject request, Progress progress)
      throws IOException, InterruptedException {
    if (request.flag("now")) {
      long number = side.scrub.startNow();
      if (request.flag("wait")) {
        awaitEnd(number, progress);
        new Repairs(side.keeper, progress).await();
      }
    }
    return document(side);
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
