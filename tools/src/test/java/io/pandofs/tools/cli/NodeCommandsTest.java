package io.pandofs.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.status.StatusText;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What people read of the nodes. */
final class NodeCommandsTest {
  private static String drained(int copies, int wanted, int needs) {
    return NodeCommands.Drain.text(
        JsonObject.of(
            Map.of(
                "name",
                "b",
                "node",
                "n2",
                "drained",
                true,
                "copies",
                copies,
                "copies_wanted",
                wanted,
                "write_needs",
                needs)));
  }

  @Test
  void aDrainThatLeavesFewerCopiesSaysSo() {
    assertThat(drained(3, 3, 2)).isEqualTo("b (n2) has no blocks to keep.");
    assertThat(drained(2, 3, 2))
        .isEqualTo(
            "b (n2) has no blocks to keep; there are 2 copies of each now, not 3, and a write"
                + " waits for all of them.");
    assertThat(drained(3, 5, 2)).endsWith("there are 3 copies of each now, not 5.");
    assertThat(drained(1, 3, 1))
        .endsWith("there is 1 copy of each now, not 3, and a write waits for it.");
  }

  @Test
  void aDrainedNodeIsShownWithItsRole() {
    Map<String, Object> row =
        Map.of(
            "id",
            "n2",
            "name",
            "b",
            "role",
            "voter",
            "drained",
            true,
            "blocks_behind",
            0L,
            "log_behind",
            0L,
            "control",
            "h:1",
            "raft",
            "h:2",
            "blocks",
            "h:3");
    List<String> lines = NodeTable.of(JsonObject.of(Map.of("nodes", List.of(row))));
    assertThat(lines.get(1)).contains("voter").contains("drained").doesNotContain("leaving");
    Map<String, Object> peer = Map.of("name", "b", "id", "n2", "voter", true, "drained", true);
    assertThat(StatusText.of(JsonObject.of(Map.of("peers", List.of(peer))), true))
        .anySatisfy(line -> assertThat(line).contains("b (n2)").contains(", drained"));
  }
}
