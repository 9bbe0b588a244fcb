package io.pandofs.tests.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.setup.NodeProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clusters as a person makes them, with certificates: real processes, on loopback. */
@Tag("fuse")
final class InitJoinTest {
  private static final Duration LIMIT = Duration.ofSeconds(150);
  private static final Duration LOOK = Duration.ofSeconds(60);

  @TempDir Path dir;
  private final List<String> started = new ArrayList<>();

  @AfterEach
  void stop() throws IOException, InterruptedException {
    for (String node : started) {
      ProcessHandle.allProcesses()
          .filter(process -> runs(process, node))
          .forEach(ProcessHandle::destroy);
    }
    for (String node : started) {
      awaitEnd(node);
      // One that was killed could not unmount.
      Commands.bash(
              LOOK,
              "! grep -q \" $1 \" /proc/self/mountinfo || umount -l \"$1\" || fusermount -uz \"$1\"",
              mount(node))
          .ok();
    }
  }

  private void awaitEnd(String node) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> ProcessHandle.allProcesses().noneMatch(process -> runs(process, node)));
  }

  private boolean runs(ProcessHandle process, String node) {
    return process
        .info()
        .arguments()
        .map(List::of)
        .orElse(List.of())
        .contains(config(node).toString());
  }

  /** SIGKILL. */
  private void kill(String node) {
    ProcessHandle.allProcesses()
        .filter(process -> runs(process, node))
        .forEach(ProcessHandle::destroyForcibly);
    awaitEnd(node);
  }

  /** Starts a node that was stopped. */
  private void start(String node) throws IOException {
    NodeProcess.detached(DevCluster.launcher(), config(node), data(node).resolve("node.log"))
        .start();
  }

  private Path config(String node) {
    return data(node).resolve("pando.toml");
  }

  private Path data(String node) {
    return dir.resolve(node).resolve("data");
  }

  private Path mount(String node) {
    return dir.resolve(node).resolve("mnt");
  }

  private Commands.Result pando(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(DevCluster.launcher().toString()));
    command.addAll(List.of(arguments));
    return Commands.start(LIMIT, command, Map.of()).await();
  }

  private String[] node(String name, int port, String... before) {
    List<String> arguments = new ArrayList<>(List.of(before));
    arguments.addAll(
        List.of(
            "--mount",
            mount(name).toString(),
            "--data",
            data(name).toString(),
            "--listen",
            "127.0.0.1:" + port,
            "--name",
            name));
    return arguments.toArray(String[]::new);
  }

  private JsonObject init(String name, int port) throws IOException, InterruptedException {
    started.add(name);
    return JsonReader.readObject(pando(node(name, port, "init", "--json")).ok());
  }

  private Commands.Result join(String name, int port, int seed, String token)
      throws IOException, InterruptedException {
    started.add(name);
    return pando(node(name, port, "join", "127.0.0.1:" + seed, "--token", token));
  }

  private String token(String name, String... options) throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(List.of("token", "--json", "--data", data(name).toString()));
    arguments.addAll(List.of(options));
    return JsonReader.readObject(pando(arguments.toArray(String[]::new)).ok()).text("token");
  }

  /** Asks a node's daemon. */
  private Commands.Result ask(String name, String... command)
      throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.addAll(List.of("--config", config(name).toString()));
    return pando(arguments.toArray(String[]::new));
  }

  private List<JsonObject> members(String asked) throws IOException, InterruptedException {
    return JsonReader.readObject(ask(asked, "node", "ls", "--json").ok()).objects("nodes");
  }

  /** What {@code pando node ls} tells of a node; empty when it is no member. */
  private JsonObject member(String asked, String name) throws IOException, InterruptedException {
    return members(asked).stream()
        .filter(node -> node.text("name").equals(name))
        .findFirst()
        .orElse(JsonObject.empty());
  }

  private String leader(String asked) throws IOException, InterruptedException {
    return members(asked).stream()
        .filter(node -> node.text("role").equals("leader"))
        .map(node -> node.text("name"))
        .findFirst()
        .orElse("");
  }

  /** Hands the leadership on; who leads then. */
  private String transfer(String asked) throws IOException, InterruptedException {
    String name =
        JsonReader.readObject(ask(asked, "leader", "transfer", "--json").ok()).text("name");
    assertThat(name).isIn("one", "two", "three");
    return name;
  }

  private void says(String name, String file, String text) {
    await()
        .atMost(LIMIT)
        .until(
            () -> Commands.bash(LOOK, "cat \"$1\"", mount(name).resolve(file)).out().equals(text));
  }

  private void refused(Commands.Result result, String name, String sentence) throws IOException {
    refused(1, result, name, sentence);
  }

  private void refused(int code, Commands.Result result, String name, String sentence)
      throws IOException {
    assertThat(result.code()).as("%s", result).isEqualTo(code);
    assertThat(result.err()).contains(sentence).doesNotContain("\tat ", "Exception");
    assertThat(data(name).resolve("identity").resolve("node.properties")).doesNotExist();
    assertThat(data(name).resolve("pando.toml")).doesNotExist();
  }

  @Test
  void machinesJoinByTokenAndStrangersDoNot() throws Exception {
    DevCluster.requireFuse();
    int one = TestPorts.row(4);
    JsonObject made = init("one", one);
    assertThat(made.text("join")).startsWith("pando join 127.0.0.1:" + one + " --token pando1-");
    int two = TestPorts.row(4);
    String single = token("one", "--uses", "1");
    join("two", two, one, single).ok();

    Commands.bash(LOOK, "echo hello > \"$1/f\"", mount("one")).ok();
    assertThat(Commands.bash(LOOK, "cat \"$1/f\"", mount("two")).ok()).isEqualTo("hello\n");

    int three = TestPorts.row(4);
    refused(join("three", three, one, single), "three", "the token is used up");
    String brief = token("one", "--expires", "1s");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> pando("token", "ls", "--data", data("one").toString()).ok().contains("expired"));
    refused(join("three", three, one, brief), "three", "the token has expired");
    refused(
        2,
        join("three", three, one, single.substring(0, single.length() - 9)),
        "three",
        "no whole token");
    String revoked = token("one");
    String id = idOf(revoked);
    pando("token", "revoke", id, "--data", data("one").toString()).ok();
    refused(join("three", three, one, revoked), "three", "it was revoked");
    // The address of a member that lives.
    refused(join("three", two, one, token("one")), "three", "Cannot listen on");

    strangersGetNothing(one);
    strangersChangeNothing(one + 3);
    Commands.bash(LOOK, "echo still > \"$1/f\"", mount("two")).ok();
    assertThat(Commands.bash(LOOK, "cat \"$1/f\"", mount("one")).ok()).isEqualTo("still\n");
    String log = Files.readString(data("one").resolve("node.log"));
    assertThat(log).contains("what it says is not TLS").doesNotContain("\tat ");
  }

  @Test
  void anotherClustersTokenAndNodeAreRefused() throws Exception {
    DevCluster.requireFuse();
    int ours = TestPorts.row(4);
    init("ours", ours);
    int theirs = TestPorts.row(4);
    String foreign = init("theirs", theirs).text("token");
    int three = TestPorts.row(4);
    // The newcomer itself tells that this is not the cluster that the token is for.
    refused(join("three", three, ours, foreign), "three", "not of the cluster that the token is");
  }

  /** What is done to members works with certificates too. */
  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void membersMoveLeadLeaveAndSurvive() throws Exception {
    DevCluster.requireFuse();
    int one = TestPorts.row(4);
    init("one", one);
    String twice = token("one", "--uses", "2");
    int two = TestPorts.row(4);
    join("two", two, one, twice).ok();
    join("three", TestPorts.row(4), one, twice).ok();
    refused(join("four", TestPorts.row(4), one, twice), "four", "the token is used up");

    // To whom is the leader's choice. On a busy machine an election may come in between.
    await().atMost(LIMIT).until(() -> !leader("one").equals(transfer("one")));

    Commands.bash(LOOK, "echo before > \"$1/f\" && sync \"$1/f\"", mount("one")).ok();
    move("two", two, TestPorts.row(4));
    says("two", "f", "before\n");
    ask("one", "node", "remove", "three").ok();
    awaitEnd("three");
    assertThat(member("one", "three").values()).isEmpty();
    // Of two voters, both must be reached.
    Commands.bash(LOOK, "echo after > \"$1/f\" && sync \"$1/f\"", mount("one")).ok();
    says("two", "f", "after\n");

    kill("one");
    kill("two");
    ask("two", "recover", "--from-survivor", "--yes-i-lose", "n1").ok();
    start("two");
    says("two", "f", "after\n");
    Commands.bash(LOOK, "echo alone > \"$1/f\" && sync \"$1/f\"", mount("two")).ok();
    assertThat(member("two", "two").text("role")).isEqualTo("leader");
  }

  /** Kills a node and starts it at other ports. */
  private void move(String name, int from, int to) throws IOException, InterruptedException {
    kill(name);
    String config = Files.readString(config(name));
    for (int i = 0; i < 4; i++) {
      config = config.replace("127.0.0.1:" + (from + i), "127.0.0.1:" + (to + i));
    }
    Files.writeString(config(name), config);
    String host = "127.0.0.1:";
    ask(
            "one",
            "node",
            "set-address",
            name,
            "--control",
            host + to,
            "--raft",
            host + (to + 1),
            "--blocks",
            host + (to + 2))
        .ok();
    start(name);
    JsonObject moved = member("one", name);
    assertThat(moved.text("control")).isEqualTo(host + to);
    assertThat(moved.text("raft")).isEqualTo(host + (to + 1));
    assertThat(moved.text("blocks")).isEqualTo(host + (to + 2));
  }

  private String idOf(String token) {
    byte[] bytes = java.util.Base64.getUrlDecoder().decode(token.substring("pando1-".length()));
    return Long.toHexString(java.nio.ByteBuffer.wrap(bytes).getLong());
  }

  /** Control, Raft and blocks. */
  private static void strangersGetNothing(int port) throws IOException {
    for (int i = 0; i < 3; i++) {
      for (String said : List.of("GET / HTTP/1.0\r\n\r\n", "\u0001\u0002\u0003 garbage \n")) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port + i)) {
          socket.setSoTimeout(30_000);
          socket.getOutputStream().write(said.getBytes(StandardCharsets.ISO_8859_1));
          socket.shutdownOutput();
          // An alert at most.
          assertThat(socket.getInputStream().readAllBytes()).hasSizeLessThan(100);
        } catch (SocketException e) {
          assertThat(e).hasMessageContaining("reset");
        }
      }
    }
  }

  /** The status port tells who connects how the node is; nothing that he asks for changes that. */
  private static void strangersChangeNothing(int port) throws IOException {
    for (String path : List.of("/drain", "/hash", "/status", "/healthz", "/")) {
      assertThat(say(port, "POST " + path, "127.0.0.1")).containsPattern("^HTTP/1.1 40[45] ");
    }
    assertThat(say(port, "GET /status", "example.org:" + port)).startsWith("HTTP/1.1 403 ");
    String status = say(port, "GET /status", "127.0.0.1:" + port);
    assertThat(status).contains("\"mount\":{\"state\":\"mounted\"");
  }

  private static String say(int port, String what, String host) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(30_000);
      String request = what + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
