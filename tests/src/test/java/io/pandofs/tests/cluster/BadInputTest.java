package io.pandofs.tests.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a person gets wrong, tried with the real program: one clear sentence, the right exit code,
 * no stack trace, and nothing on disk that was not there before.
 */
@Tag("fuse")
final class BadInputTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  @TempDir Path dir;
  private Path data;
  private Path mount;
  private List<Integer> ports = List.of();

  @BeforeAll
  static void fuse() {
    DevCluster.requireFuse();
  }

  @BeforeEach
  void prepare() throws IOException {
    data = dir.resolve("data");
    mount = Files.createDirectory(dir.resolve("mnt"));
    ports = freePorts();
  }

  @Test
  void unknownKeyNamesTheNearest() throws IOException, InterruptedException {
    refused(USAGE, node(config() + "mont = \"/x\"\n"), "did you mean 'mount'?");
    assertThat(data).doesNotExist();
  }

  @Test
  void invalidToml() throws IOException, InterruptedException {
    refused(USAGE, node("data_dir = = 3\n"), "line 1: this is not TOML");
  }

  @Test
  void missingConfiguration() throws IOException, InterruptedException {
    Commands.Result result =
        pando(List.of(), "node", "--config", dir.resolve("none.toml").toString());
    refused(USAGE, result, "There is no configuration file");
  }

  @Test
  void unknownCommand() throws IOException, InterruptedException {
    Commands.Result result = pando(List.of(), "stat");
    assertThat(result.code()).isEqualTo(USAGE);
    assertThat(result.err()).contains("Did you mean", "pando status");
    assertThat(pando(List.of(), "dev", "kill").code()).isEqualTo(USAGE);
    assertThat(pando(List.of(), "dev", "up", "--nodes", "many").code()).isEqualTo(USAGE);
  }

  @Test
  void statusWithoutNode() throws IOException, InterruptedException {
    refused(
        FAILED,
        pando(List.of(), "status", "--endpoint", "127.0.0.1:" + ports.get(3)),
        "No node answers on 127.0.0.1:" + ports.get(3));
  }

  @Test
  void missingMountPoint() throws IOException, InterruptedException {
    Files.delete(mount);
    refused(FAILED, node(config()), "The mount point " + mount + " does not exist");
    assertThat(data.resolve("raft")).doesNotExist();
  }

  @Test
  void nonEmptyMountPoint() throws IOException, InterruptedException {
    Path mine = Files.writeString(mount.resolve("mine"), "precious");
    refused(FAILED, node(config()), "is not empty");
    assertThat(mine).hasContent("precious");
    assertThat(data.resolve("raft")).doesNotExist();
  }

  @Test
  void mountPointIsAFile() throws IOException, InterruptedException {
    Files.delete(mount);
    Files.writeString(mount, "precious");
    refused(FAILED, node(config()), "is not a directory");
    assertThat(mount).hasContent("precious");
  }

  @Test
  void mountPointInsideData() throws IOException, InterruptedException {
    mount = data.resolve("mnt");
    Files.createDirectories(mount);
    refused(USAGE, node(config()), "'mount': must lie apart from data_dir");
  }

  @Test
  void mountPointInsideDataByAnotherName() throws IOException, InterruptedException {
    Path inside = Files.createDirectories(data.resolve("inside"));
    Path link = Files.createSymbolicLink(dir.resolve("link"), data);
    assertThat(inside).exists();
    mount = link.resolve("inside");
    refused(FAILED, node(config()), "would store itself in itself");
  }

  @Test
  void somethingIsMountedThere() throws IOException, InterruptedException {
    mount = Path.of("/proc");
    refused(FAILED, node(config()), "Something is mounted at /proc already");
  }

  @Test
  void takenPorts() throws IOException, InterruptedException {
    for (String key : List.of("control", "raft", "blocks", "status")) {
      int port = ports.get(List.of("control", "raft", "blocks", "status").indexOf(key));
      try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        assertThat(taken.isBound()).isTrue();
        refused(FAILED, node(config()), key + ".listen");
      }
      assertThat(data.resolve("raft")).doesNotExist();
    }
  }

  /** Without certificates nobody else may be let in: nothing but loopback listens. */
  @Test
  void portsThatOthersReachWithoutCertificates() throws IOException, InterruptedException {
    for (String key : List.of("control", "raft", "blocks")) {
      String open = config().replace(key + ".listen = \"127.0.0.1", key + ".listen = \"0.0.0.0");
      refused(FAILED, node(open), key + ".listen 0.0.0.0");
      assertThat(data.resolve("raft")).doesNotExist();
    }
  }

  @Test
  void noFuse() throws IOException, InterruptedException {
    // A mount namespace of its own in which /dev has no fuse.
    String script = "mount -t tmpfs none /dev && exec \"$@\"";
    Commands.Result result =
        pando(asRoot("unshare", "-m", "bash", "-c", script, "x"), nodeArguments(config()));
    refused(FAILED, result, "/dev/fuse");
    assertThat(data.resolve("raft")).doesNotExist();
  }

  @Test
  void noPermissionForData() throws IOException, InterruptedException {
    Files.createDirectory(
        data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-xr-xr-x")));
    // Root may write everywhere but for this; and it can read this checkout wherever it is.
    List<String> before =
        isRoot()
            ? List.of("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
            : List.of();
    Commands.Result result = pando(before, nodeArguments(config()));
    refused(FAILED, result, "No permission to write in data_dir " + data);
  }

  @Test
  void dataDirectoryIsAFile() throws IOException, InterruptedException {
    Files.writeString(data, "precious");
    refused(FAILED, node(config()), "data_dir");
    assertThat(data).hasContent("precious");
  }

  @Test
  void damagedIdentity() throws IOException, InterruptedException {
    Path identity = Files.createDirectories(data.resolve("identity")).resolve("node.properties");
    Files.writeString(identity, "format=1\nnode=none\n");
    refused(FAILED, node(config()), "node.properties is damaged");
    assertThat(identity).hasContent("format=1\nnode=none\n");
  }

  @Test
  void dataOfANewerVersion() throws IOException, InterruptedException {
    Path identity = Files.createDirectories(data.resolve("identity")).resolve("node.properties");
    Files.writeString(identity, "format=99\n");
    refused(FAILED, node(config()), "format version 99");
    assertThat(identity).hasContent("format=99\n");
  }

  @Test
  void blocksWithoutIdentity() throws IOException, InterruptedException {
    Path block = Files.createDirectories(data.resolve("blocks")).resolve("something");
    Files.writeString(block, "precious");
    refused(FAILED, node(config()), "the identity beside it is missing");
    assertThat(block).hasContent("precious");
  }

  @Test
  void devRefusesADirectoryThatIsNotItsOwn() throws IOException, InterruptedException {
    Path mine = Files.writeString(dir.resolve("mine"), "precious");
    for (String command : List.of("up", "destroy", "down", "status")) {
      refused(
          FAILED, pando(List.of(), "dev", command, "--dir", dir.toString()), "not a dev cluster");
    }
    assertThat(mine).hasContent("precious");
  }

  @Test
  void transportThatDoesNotExist() throws IOException, InterruptedException {
    refused(
        USAGE,
        pando(List.of(), "dev", "up", "--transport", "smoke", "--dir", dir.resolve("c").toString()),
        "'smoke' is not known");
    refused(USAGE, node(config() + "transport = \"smoke\"\n"), "'smoke' is not known");
  }

  /** Exit code 2: however the cluster is, the command line has to be another one. */
  @Test
  void commandLinesThatMakeNoSense() throws IOException, InterruptedException {
    String cluster = Files.createDirectory(dir.resolve("c")).toString();
    usage("1 to 9 nodes, not 99", "dev", "up", "--nodes", "99", "--dir", cluster);
    Files.writeString(dir.resolve("c").resolve("pando-dev.json"), "{\"version\":1,\"nodes\":[]}");
    usage("no node 9", "dev", "kill", "9", "--dir", cluster);
    usage("'x' is not a time", "token", "--expires", "x");
    usage("one machine at least", "token", "--uses", "0");
    usage("--wait goes with", "scrub", "--wait");
    usage("'x' is not an address", "status", "--endpoint", "x");
    usage("'1:x' is not an address", "node", "set-address", "n1", "--raft", "1:x");
    usage("Say what changes", "node", "set-address", "n1");
    String place = mount.toString();
    usage("'a b' is not an address", "init", "--mount", place, "--listen", "a b");
    usage("cannot call 0.0.0.0", "init", "--mount", place, "--listen", "0.0.0.0");
    usage("no three ports after", "init", "--mount", place, "--listen", "[::1]:65533");
    usage("'a:b' is not an address", "join", "a:b", "--mount", place, "--token", "x");
  }

  @Test
  void aPortMayBeLeftOutAndATokenMayNot() throws IOException, InterruptedException {
    for (String member : List.of("[::1]", "10.0.0.1")) {
      Commands.Result result =
          pando(List.of(), "join", member, "--mount", mount.toString(), "--token", "x");
      refused(USAGE, result, "This is no whole token");
    }
  }

  private static void usage(String sentence, String... arguments)
      throws IOException, InterruptedException {
    refused(USAGE, pando(List.of(), arguments), sentence);
  }

  private String config() {
    return "data_dir = \"%s\"\nmount = \"%s\"\ncluster.bootstrap = true\n".formatted(data, mount)
        + "control.listen = \"127.0.0.1:%d\"\nraft.listen = \"127.0.0.1:%d\"\n"
            .formatted(ports.get(0), ports.get(1))
        + "blocks.listen = \"127.0.0.1:%d\"\nstatus.listen = \"127.0.0.1:%d\"\n"
            .formatted(ports.get(2), ports.get(3));
  }

  private Commands.Result node(String config) throws IOException, InterruptedException {
    return pando(List.of(), nodeArguments(config));
  }

  private String[] nodeArguments(String config) throws IOException {
    Path file = Files.writeString(dir.resolve("pando.toml"), config);
    return new String[] {"node", "--config", file.toString()};
  }

  /** Through sudo when the tests do not run as root, as ./verify asks for. */
  private static List<String> asRoot(String... command) throws IOException {
    List<String> prefixed = new ArrayList<>();
    if (!isRoot()) {
      prefixed.addAll(List.of("sudo", "-n"));
    }
    prefixed.addAll(List.of(command));
    return prefixed;
  }

  private static boolean isRoot() throws IOException {
    return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
  }

  private static Commands.Result pando(List<String> before, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(before);
    command.add(DevCluster.launcher().toString());
    command.addAll(List.of(arguments));
    return Commands.start(LIMIT, command, Map.of()).await();
  }

  private static void refused(int code, Commands.Result result, String sentence) {
    List<String> told =
        Stream.of(result.err().split("\n")).filter(line -> line.startsWith("pando: ")).toList();
    assertThat(told).as("%s", result).hasSize(1);
    assertThat(told.get(0)).contains(sentence);
    assertThat(result.err()).doesNotContain("\tat ", "Exception");
    assertThat(result.out()).isEmpty();
    assertThat(result.code()).isEqualTo(code);
  }

  private static List<Integer> freePorts() {
    int first = TestPorts.row(4);
    return List.of(first, first + 1, first + 2, first + 3);
  }
}
