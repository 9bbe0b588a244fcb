package io.pandofs.tools.dev;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which nodes of a dev cluster are taken for removed. */
class RemovedNodesTest {
  @TempDir Path dir;

  private DevNode node(int number, String identity) throws IOException {
    DevNode node = new DevNode(number, dir.resolve("n" + number), new NodePorts(1, 2, 3, 4));
    Path directory = Files.createDirectories(node.data().resolve("identity"));
    Files.writeString(directory.resolve("node.properties"), identity);
    return node;
  }

  private static String identity(int number, String stage) {
    return "format=1\nvolume=a\nnode=%d\nincarnation=b\nepoch=0\nstage=%s\n"
        .formatted(number, stage);
  }

  private static JsonObject status(String role, String... members) {
    return JsonObject.of(
        Map.of(
            "raft",
            Map.of("role", role),
            "peers",
            Stream.of(members).map(id -> Map.of("id", id)).toList()));
  }

  @Test
  void aNodeThatHasNotedItsRemovalIsRemoved() throws IOException {
    Membership nobodyAsked = new Membership(List.of());
    assertThat(nobodyAsked.isRemoved(node(2, identity(2, "REMOVED")))).isTrue();
    assertThat(nobodyAsked.isRemoved(node(3, identity(3, "MEMBER")))).isFalse();
  }

  @Test
  void theLeaderKnowsWhoWasRemovedWhileItWasDown() throws IOException {
    DevNode three = node(3, identity(3, "MEMBER"));
    assertThat(new Membership(List.of(status("leader", "n1", "n2"))).isRemoved(three)).isTrue();
    assertThat(new Membership(List.of(status("leader", "n1", "n3"))).isRemoved(three)).isFalse();
  }

  /** It may be behind: a node that it does not have may be new. */
  @Test
  void aFollowerDoesNotKnow() throws IOException {
    DevNode three = node(3, identity(3, "JOINING"));
    Membership follower = new Membership(List.of(status("follower", "n1", "n2")));
    assertThat(follower.isRemoved(three)).isFalse();
  }

  @Test
  void oneThatIsNewOrEmptiedOrDamagedIsNot() throws IOException {
    Membership asked = new Membership(List.of(status("leader", "n1", "n2")));
    DevNode fresh = new DevNode(4, dir.resolve("n4"), new NodePorts(1, 2, 3, 4));
    assertThat(asked.isRemoved(fresh)).isFalse();
    assertThat(asked.isRemoved(node(5, "format=1\nstage=ODD\n"))).isFalse();
  }

  @Test
  void aRemovedNodeIsNotMissed() {
    DevStatus.Node well =
        new DevStatus.Node("n1", "running", 1, dir, JsonObject.of(Map.of("state", "ok")));
    DevStatus.Node removed = new DevStatus.Node("n2", "removed", 0, dir, JsonObject.empty());
    DevStatus.Node stopped = new DevStatus.Node("n3", "stopped", 0, dir, JsonObject.empty());
    assertThat(new DevStatus(dir, List.of(well, removed), null).well()).isTrue();
    assertThat(new DevStatus(dir, List.of(well, removed, stopped), null).well()).isFalse();
  }
}
