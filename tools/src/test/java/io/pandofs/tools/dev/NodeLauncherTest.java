package io.pandofs.tools.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.common.config.TransportName;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NodeLauncherTest {
  @TempDir Path dir;

  @Test
  void theFounderBootstrapsOnceAndJoinsEverAfter() throws IOException, Refusal, ConfigException {
    DevDirectory directory = new DevDirectory(dir.resolve("dev"));
    List<DevNode> nodes = directory.grow(3, ports());
    NodeLauncher launcher = new NodeLauncher(Path.of("/none"), directory);

    launcher.configure(nodes.get(0), nodes, TransportName.JNR);
    assertThat(config(nodes.get(0)).cluster().bootstrap()).isTrue();
    launcher.configure(nodes.get(0), nodes, TransportName.JNR);
    assertThat(config(nodes.get(0)).cluster().bootstrap()).isTrue();

    giveIdentity(nodes.get(0));
    launcher.configure(nodes.get(1), nodes, TransportName.JNR);
    assertThat(config(nodes.get(1)).cluster().join())
        .containsExactly(nodes.get(0).control(), nodes.get(2).control());

    giveIdentity(nodes.get(1));
    launcher.configure(nodes.get(0), nodes, TransportName.JNR);
    assertThat(config(nodes.get(0)).cluster().bootstrap()).isFalse();
    assertThat(config(nodes.get(0)).cluster().join())
        .containsExactly(nodes.get(1).control(), nodes.get(2).control());
  }

  @Test
  void theFounderJoinsWithItsTransportThoughNewNodesHaveAnother()
      throws IOException, Refusal, ConfigException {
    DevDirectory directory = new DevDirectory(dir.resolve("dev"));
    List<DevNode> nodes = directory.grow(2, ports());
    NodeLauncher launcher = new NodeLauncher(Path.of("/none"), directory);
    launcher.configure(nodes.get(0), nodes, TransportName.JNR);
    giveIdentity(nodes.get(0));
    launcher.configure(nodes.get(1), nodes, TransportName.DIRECT);
    giveIdentity(nodes.get(1));
    launcher.configure(nodes.get(0), nodes, TransportName.DIRECT);
    assertThat(config(nodes.get(0)).cluster().bootstrap()).isFalse();
    assertThat(config(nodes.get(0)).transport()).isEqualTo(TransportName.JNR);
    assertThat(config(nodes.get(1)).transport()).isEqualTo(TransportName.DIRECT);
  }

  @Test
  void aConfigurationThatSomebodyChangedStays() throws IOException, Refusal {
    DevDirectory directory = new DevDirectory(dir.resolve("dev"));
    List<DevNode> nodes = directory.grow(2, ports());
    NodeLauncher launcher = new NodeLauncher(Path.of("/none"), directory);
    Files.writeString(nodes.get(0).config(), "# mine");
    giveIdentity(nodes.get(1));
    launcher.configure(nodes.get(0), nodes, TransportName.JNR);
    assertThat(nodes.get(0).config()).hasContent("# mine");
  }

  @Test
  void portsAreDifferentAndRemembered() throws IOException, Refusal {
    DevDirectory directory = new DevDirectory(dir.resolve("dev"));
    List<DevNode> nodes = directory.grow(2, ports());
    List<DevNode> more = directory.grow(3, ports());
    assertThat(more.subList(0, 2)).isEqualTo(nodes);
    assertThat(directory.nodes()).isEqualTo(more);
    Set<Integer> all = new HashSet<>();
    for (DevNode node : more) {
      NodePorts p = node.ports();
      all.addAll(List.of(p.control(), p.raft(), p.blocks(), p.status()));
    }
    assertThat(all).hasSize(12);
  }

  @Test
  void aDirectoryOfSomebodyElseIsRefused() throws IOException {
    Files.writeString(dir.resolve("mine"), "");
    DevDirectory directory = new DevDirectory(dir);
    assertThatThrownBy(() -> directory.grow(3, ports()))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("is not empty and not a dev cluster");
    assertThatThrownBy(directory::nodes)
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("is not a dev cluster");
    assertThat(dir.resolve("mine")).exists();
  }

  private static FreePorts ports() {
    return new FreePorts(new Random(7));
  }

  private static void giveIdentity(DevNode node) throws IOException {
    Path identity = node.data().resolve("identity");
    Files.createDirectories(identity);
    Files.writeString(identity.resolve("node.properties"), "");
  }

  private static NodeConfig config(DevNode node) throws ConfigException {
    return NodeConfig.load(node.config());
  }
}
