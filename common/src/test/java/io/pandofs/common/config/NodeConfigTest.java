package io.pandofs.common.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class NodeConfigTest {
  private static final Path FILE = Path.of("/etc/pando/pando.toml");
  private static final String LEAST = "data_dir = \"/d\"\ncluster.bootstrap = true\n";

  @Test
  void everyDefaultIsPinned() throws ConfigException {
    NodeConfig config = NodeConfig.parse(FILE, LEAST);
    assertThat(config)
        .isEqualTo(
            new NodeConfig(
                FILE,
                NodeConfig.machineName(),
                Path.of("/d"),
                null,
                TransportName.DIRECT,
                MountFlags.NONE,
                new ClusterConfig(true, List.of()),
                new Endpoint(new HostPort("0.0.0.0", 7440), null),
                new Endpoint(new HostPort("0.0.0.0", 7441), null),
                new Endpoint(new HostPort("0.0.0.0", 7442), null),
                List.of(),
                new HostPort("127.0.0.1", 7443),
                new RaftTimeouts(Duration.ofMillis(500), Duration.ofMillis(1000)),
                QuorumLoss.waiting(Duration.ofSeconds(30)),
                Duration.ofSeconds(60),
                Duration.ofMinutes(10),
                false,
                new Budgets(32 << 20, 32 << 20, 32 << 20, 32 << 20, 32 << 20),
                new LogSettings(256 << 20, 100_000, Duration.ofMinutes(10), 256, 16 << 20),
                new Upkeep(128 << 20, 64 << 20, Duration.ofDays(14))));
  }

  /** Each key with a value that is not its default, and what it must become. */
  @Test
  void everyKeyIsPinned() throws ConfigException {
    Map<String, String> values = new TreeMap<>();
    values.put("name", "\"a-b.c\"");
    values.put("data_dir", "\"data\"");
    values.put("mount", "\"/mnt/pando\"");
    values.put("transport", "\"direct\"");
    values.put("mount_options", "\"ro,noatime\"");
    values.put("quorum_loss", "\"wait:5s\"");
    values.put("watchdog", "\"7s\"");
    values.put("node_out_after", "\"3min\"");
    values.put("sync_on_close", "true");
    values.put("cluster.bootstrap", "false");
    values.put("cluster.join", "[\"one:1\", \"[::1]:2\"]");
    values.put("control.listen", "\"10.0.0.1:3\"");
    values.put("control.advertise", "\"ctl.example.org:4\"");
    values.put("raft.listen", "\"10.0.0.1:5\"");
    values.put("raft.advertise", "\"[fe80::1]:6\"");
    values.put("raft.timeout_min", "\"60ms\"");
    values.put("raft.timeout_max", "\"2s\"");
    values.put("blocks.listen", "\"[::]:7\"");
    values.put("blocks.advertise", "\"b:8\"");
    values.put("blocks.disks", "[\"/disk1\", \"disk2\"]");
    values.put("status.listen", "\"[::1]:9\"");
    values.put("budget.write_buffer", "\"5MiB\"");
    values.put("budget.block_puts", "\"6MiB\"");
    values.put("budget.read_cache", "\"7MiB\"");
    values.put("budget.metadata_tables", "\"8192KiB\"");
    values.put("budget.block_tables", "\"1GiB\"");
    values.put("log.checkpoint_bytes", "\"9MiB\"");
    values.put("log.checkpoint_entries", "10");
    values.put("log.checkpoint_every", "\"11s\"");
    values.put("log.keep_entries", "12");
    values.put("log.segment_bytes", "\"13MiB\"");
    values.put("repair.bytes_per_second", "\"9MiB\"");
    values.put("scrub.bytes_per_second", "\"2MiB\"");
    values.put("scrub.every", "\"36h\"");
    assertThat(values.keySet()).isEqualTo(new TreeSet<>(NodeConfig.KEYS));

    StringBuilder text = new StringBuilder();
    values.forEach((key, value) -> text.append(key).append(" = ").append(value).append('\n'));
    assertThat(NodeConfig.parse(FILE, text.toString()))
        .isEqualTo(
            new NodeConfig(
                FILE,
                "a-b.c",
                Path.of("/etc/pando/data"),
                Path.of("/mnt/pando"),
                TransportName.DIRECT,
                new MountFlags(Set.of(MountFlags.Limit.RO), MountFlags.AccessTime.NOATIME),
                new ClusterConfig(false, List.of(new HostPort("one", 1), new HostPort("::1", 2))),
                new Endpoint(new HostPort("10.0.0.1", 3), new HostPort("ctl.example.org", 4)),
                new Endpoint(new HostPort("10.0.0.1", 5), new HostPort("fe80::1", 6)),
                new Endpoint(new HostPort("::", 7), new HostPort("b", 8)),
                List.of(Path.of("/disk1"), Path.of("/etc/pando/disk2")),
                new HostPort("::1", 9),
                new RaftTimeouts(Duration.ofMillis(60), Duration.ofSeconds(2)),
                QuorumLoss.waiting(Duration.ofSeconds(5)),
                Duration.ofSeconds(7),
                Duration.ofMinutes(3),
                true,
                new Budgets(5 << 20, 6 << 20, 7 << 20, 8 << 20, 1 << 30),
                new LogSettings(9 << 20, 10, Duration.ofSeconds(11), 12, 13 << 20),
                new Upkeep(9 << 20, 2 << 20, Duration.ofHours(36))));
  }

  private static final Pattern ROW = Pattern.compile("\\| `([a-z_.]+)` \\| (–|`.*`) \\| .+ \\|");

  @Test
  void everyKeyAndDefaultIsInTheDocuments() throws ConfigException, IOException {
    String page = Files.readString(Path.of("../docs/operations.md"));
    Map<String, String> rows = new TreeMap<>();
    page.substring(page.indexOf("## Configuration"))
        .lines()
        .map(ROW::matcher)
        .filter(Matcher::matches)
        .forEach(row -> rows.put(row.group(1), row.group(2)));
    assertThat(rows.keySet()).isEqualTo(new TreeSet<>(NodeConfig.KEYS));

    rows.put("data_dir", "`\"/d\"`");
    rows.put("cluster.bootstrap", "`true`");
    StringBuilder text = new StringBuilder();
    rows.forEach(
        (key, value) -> {
          if (value.startsWith("`")) {
            text.append(key).append(" = ").append(value.replace("`", "")).append('\n');
          }
        });
    assertThat(NodeConfig.parse(FILE, text.toString())).isEqualTo(NodeConfig.parse(FILE, LEAST));
  }

  @Test
  void aDiskMayBeAwayForAsLongAsANode() throws ConfigException {
    String outAfter = "node_out_after = ";
    assertThat(NodeConfig.parse(FILE, outAfter + "\"7s\"\n" + LEAST).diskOutAfter())
        .isEqualTo(Duration.ofSeconds(7));
    assertThat(NodeConfig.parse(FILE, outAfter + "\"0s\"\n" + LEAST).diskOutAfter())
        .isEqualTo(Duration.ofMinutes(10));
  }

  @Test
  void unknownKeyNamesTheNearestKnownOne() {
    assertFails(
        LEAST + "mont = \"/m\"",
        "pando.toml, line 3: 'mont': there is no such key; did you mean 'mount'?");
    assertFails(LEAST + "[controll]\nlisten = \"a:1\"", "did you mean 'control.listen'?");
    assertFails(LEAST + "[raft]\ntimeout_mni = \"1s\"", "did you mean 'raft.timeout_min'?");
    assertFails(LEAST + "zzzzzzzzzzzzzzzzzzz = 1", "known keys are blocks.advertise,");
  }

  @Test
  void whatIsWrongIsNamedWithFileLineAndKey() {
    assertFails("data_dir = ", "pando.toml, line 1: this is not TOML: ");
    assertFails("cluster.bootstrap = true", "pando.toml: 'data_dir': is missing");
    assertFails("data_dir = 7\ncluster.bootstrap = true", "line 1: 'data_dir': must be a text");
    assertFails(LEAST + "cluster.join = [\"a:1\"]", "either starts a cluster or joins one");
    assertFails("data_dir = \"/d\"\ncluster.join = [\"a\"]", "'a' is not an address");
    assertFails("data_dir = \"/d\"\ncluster.join = \"a:1\"", "must be a list");
    assertFails(LEAST + "name = \"a b\"", "'name': must be 1 to 63");
    assertFails(LEAST + "transport = \"smoke\"", "'smoke' is not known");
    assertFails(LEAST + "quorum_loss = \"wait:5\"", "'5' is not a duration");
    assertFails(LEAST + "quorum_loss = \"wait:2h\"", "at most wait:1h");
    assertFails(LEAST + "quorum_loss = \"panic\"", "'panic' is not known");
    assertFails(LEAST + "raft.timeout_min = \"2s\"", "'raft.timeout_max': must be more than");
    assertFails(LEAST + "blocks.disks = \"/d1\"", "must be a list");
    assertFails(LEAST + "blocks.disks = [7]", "must be a list");
    assertFails(LEAST + "blocks.disks = [\"/a\", \"/a/b\"]", "/a/b and /a overlap");
    assertFails(
        LEAST + "mount = \"/m\"\nblocks.disks = [\"/m/d\"]", "'blocks.disks': /m/d is within");
    assertFails(LEAST + "raft.timeout_min = \"1ms\"", "must be at least 50ms");
    assertFails(LEAST + "status.listen = \"0.0.0.0:1\"", "must be a loopback address");
    assertFails(LEAST + "control.advertise = \"0.0.0.0:1\"", "others cannot call 0.0.0.0:1");
    assertFails(LEAST + "budget.write_buffer = \"1KiB\"", "must be between 4 and");
    assertFails(LEAST + "log.keep_entries = -1", "must be between 0 and");
    assertFails(LEAST + "log.keep_entries = \"1\"", "must be a whole number");
    assertFails(LEAST + "log.checkpoint_every = \"5ms\"", "must be at least 1s");
    assertFails(LEAST + "budget.write_buffer = \"64MB\"", "'64MB' is not a size");
    assertFails(LEAST + "scrub.every = \"0s\"", "must be at least 1s");
    assertFails(LEAST + "scrub.bytes_per_second = \"1KiB\"", "must be between 1 and");
  }

  @Test
  void mountAndDataMustLieApart() {
    assertFails(LEAST + "mount = \"/d/mnt\"", "'mount': must lie apart from data_dir /d");
    assertFails(LEAST + "mount = \"/\"", "'mount': must lie apart");
    assertFails(LEAST + "mount = \"/x/../d\"", "'mount': must lie apart");
  }

  @Test
  void missingFileIsOneSentence(@org.junit.jupiter.api.io.TempDir Path dir) {
    assertThatThrownBy(() -> NodeConfig.load(dir.resolve("none.toml")))
        .isInstanceOf(ConfigException.class)
        .hasMessage("There is no configuration file " + dir.resolve("none.toml") + ".");
  }

  private static void assertFails(String text, String message) {
    assertThatThrownBy(() -> NodeConfig.parse(FILE, text))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message)
        .hasMessageStartingWith("/etc/pando/pando.toml")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }
}
