package io.pandofs.tests.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pandofs.common.identity.Admission;
import io.pandofs.common.identity.IdentityFiles;
import io.pandofs.common.identity.Keyring;
import io.pandofs.common.net.NetThreads;
import io.pandofs.common.net.NettyConnections;
import io.pandofs.common.net.Payload;
import io.pandofs.common.net.Tls;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clusters as a person makes them, with certificates: real processes, on loopback. */
@Tag("fuse")
final class InitJoinTest {
  private static final Duration LIMIT = Duration.ofSeconds(150);
  private static final Duration LOOK = Duration.ofSeconds(60);
  private static final int AT_ONCE = 64;

  @TempDir Path dir;
  private SecuredCluster cluster;

  @BeforeEach
  void prepare() {
    cluster = new SecuredCluster(dir);
  }

  @AfterEach
  void stop() throws IOException {
    cluster.close();
  }

  private List<JsonObject> members(String asked) throws IOException, InterruptedException {
    return JsonReader.readObject(cluster.ask(asked, "node", "ls", "--json").ok()).objects("nodes");
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
        JsonReader.readObject(cluster.ask(asked, "leader", "transfer", "--json").ok()).text("name");
    assertThat(name).isIn("one", "two", "three");
    return name;
  }

  private void says(String name, String file, String text) {
    await()
        .atMost(LIMIT)
        .until(
            () ->
                Commands.bash(LOOK, "cat \"$1\"", cluster.mount(name).resolve(file))
                    .out()
                    .equals(text));
  }

  private void refused(Commands.Result result, String name, String sentence) throws IOException {
    refused(1, result, name, sentence);
  }

  private void refused(int code, Commands.Result result, String name, String sentence)
      throws IOException {
    assertThat(result.code()).as("%s", result).isEqualTo(code);
    assertThat(result.err()).contains(sentence).doesNotContain("\tat ", "Exception");
    assertThat(cluster.data(name).resolve("identity").resolve("node.properties")).doesNotExist();
    assertThat(cluster.data(name).resolve("pando.toml")).doesNotExist();
  }

  @Test
  void machinesJoinByTokenAndStrangersDoNot() throws Exception {
    int one = TestPorts.row(4);
    JsonObject made = cluster.init("one", one);
    assertThat(made.text("join")).startsWith("pando join 127.0.0.1:" + one + " --token pando1-");
    int two = TestPorts.row(4);
    String single = cluster.token("one", "--uses", "1");
    cluster.type(made.text("join"), "one", "two", two).ok();

    Commands.bash(LOOK, "echo hello > \"$1/f\"", cluster.mount("one")).ok();
    assertThat(Commands.bash(LOOK, "cat \"$1/f\"", cluster.mount("two")).ok()).isEqualTo("hello\n");

    int three = TestPorts.row(4);
    String brief = cluster.token("one", "--expires", "1s");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                cluster
                    .pando("token", "ls", "--data", cluster.data("one").toString())
                    .ok()
                    .contains("expired"));
    refused(cluster.join("three", three, one, brief), "three", "the token has expired");
    refused(
        2,
        cluster.join("three", three, one, single.substring(0, single.length() - 9)),
        "three",
        "no whole token");
    String revoked = cluster.token("one");
    String id = idOf(revoked);
    cluster.pando("token", "revoke", id, "--data", cluster.data("one").toString()).ok();
    refused(cluster.join("three", three, one, revoked), "three", "it was revoked");
    // The address of a member that lives.
    refused(cluster.join("three", two, one, cluster.token("one")), "three", "Cannot listen on");

    strangersGetNothing("one", one);
    strangersChangeNothing(one + 3);
    strangersCostNothing("one", one, 200);
    Commands.bash(LOOK, "echo still > \"$1/f\"", cluster.mount("two")).ok();
    assertThat(Commands.bash(LOOK, "cat \"$1/f\"", cluster.mount("one")).ok()).isEqualTo("still\n");
    String log = Files.readString(cluster.log("one"));
    assertThat(log).doesNotContain("\tat ");
  }

  @Test
  @Tag("full")
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void manyStrangersCostNothing() throws Exception {
    int one = TestPorts.row(4);
    cluster.init("one", one);
    cluster.join("two", TestPorts.row(4), one, cluster.token("one")).ok();
    strangersCostNothing("one", one, 2000);
    assertThat(Files.readString(cluster.log("one"))).doesNotContain("\tat ");
  }

  @Test
  void anotherClustersTokenAndNodeAreRefused() throws Exception {
    int ours = TestPorts.row(4);
    cluster.init("ours", ours);
    int theirs = TestPorts.row(4);
    String foreign = cluster.init("theirs", theirs).text("token");
    int three = TestPorts.row(4);
    // The newcomer itself tells that this is not the cluster that the token is for.
    refused(
        cluster.join("three", three, ours, foreign),
        "three",
        "not of the cluster that the token is");
  }

  private void says(String name, String pattern, int times) {
    Pattern sought = Pattern.compile("refusing .*" + pattern + "|closing .*" + pattern);
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(Files.readString(cluster.log(name)).lines())
                    .filteredOn(line -> sought.matcher(line).find())
                    .hasSizeGreaterThan(times));
  }

  /** One that comes to our addresses because a member of its own cluster had them. */
  @Test
  @Tag("full")
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void aRunningNodeOfAnotherClusterGetsNothing() throws Exception {
    int theirs = TestPorts.row(4);
    cluster.init("theirs", theirs);
    int lost = TestPorts.row(4);
    cluster.join("lost", lost, theirs, cluster.token("theirs")).ok();
    cluster.kill("lost");
    cluster.init("one", lost);
    Commands.bash(LOOK, "echo ours > \"$1/f\" && sync \"$1/f\"", cluster.mount("one")).ok();
    DaemonProcess daemon = new DaemonProcess(cluster.pid("one"));
    final long bytes = daemon.anonymousBytes();
    // Whoever sees the other's certificate first ends it, and each tells why.
    says("theirs", "n1 of cluster [0-9a-f]*, another one", 12);
    says("one", "does not accept this node's certificate", 12);
    assertThat((daemon.anonymousBytes() - bytes) >> 20).as("MiB").isLessThan(100);
    assertThat(members("one")).hasSize(1);
    assertThat(cluster.ask("theirs", "status").out()).contains("no leader is known");
    Commands.bash(LOOK, "[ \"$(cat \"$1/f\")\" = ours ]", cluster.mount("one")).ok();
    cluster.kill("one");
    // The member that it looks for is back, with all that it had.
    cluster.start("lost");
    await().atMost(LIMIT).until(() -> cluster.ask("theirs", "node", "ls").code() == 0);
    assertThat(members("theirs")).hasSize(2);
  }

  /** What is done to members works with certificates too. */
  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void membersMoveLeadLeaveAndSurvive() throws Exception {
    int one = TestPorts.row(4);
    cluster.init("one", one);
    String twice = cluster.token("one", "--uses", "2");
    int two = TestPorts.row(4);
    cluster.join("two", two, one, twice).ok();
    int three = TestPorts.row(4);
    cluster.join("three", three, one, twice).ok();
    refused(cluster.join("four", TestPorts.row(4), one, twice), "four", "the token is used up");
    wipeAndJoinAgain("three", three, one);

    // To whom is the leader's choice. On a busy machine an election may come in between.
    await().atMost(LIMIT).until(() -> !leader("one").equals(transfer("one")));

    Commands.bash(LOOK, "echo before > \"$1/f\" && sync \"$1/f\"", cluster.mount("one")).ok();
    int moved = TestPorts.row(4);
    move("two", two, moved);
    says("two", "f", "before\n");
    cluster.ask("one", "node", "remove", "three").ok();
    cluster.awaitEnd("three");
    assertThat(member("one", "three").values()).isEmpty();
    // Of two voters, both must be reached.
    Commands.bash(LOOK, "echo after > \"$1/f\" && sync \"$1/f\"", cluster.mount("one")).ok();
    says("two", "f", "after\n");

    cluster.kill("one");
    cluster.kill("two");
    cluster.ask("two", "recover", "--from-survivor", "--yes-i-lose", "n1").ok();
    cluster.start("two");
    says("two", "f", "after\n");
    Commands.bash(LOOK, "echo alone > \"$1/f\" && sync \"$1/f\"", cluster.mount("two")).ok();
    assertThat(member("two", "two").text("role")).isEqualTo("leader");
    for (int port : List.of(moved, moved + 2)) {
      leftBehind("one", port);
    }
  }

  /** Its certificate is in order, and it is of an earlier epoch: nothing is told to it. */
  private void leftBehind(String name, int port) throws Exception {
    Keyring keyring =
        new Keyring(new IdentityFiles(cluster.data(name).resolve("identity")).credentials());
    try (NetThreads threads = new NetThreads("left-behind", 1);
        NettyConnections connections =
            new NettyConnections(
                threads, Tls.member(keyring, Admission.ALL), NettyConnections.Limits.DEFAULT)) {
      InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      assertThatThrownBy(
              () ->
                  connections
                      .call(address, 1, Payload.of(new byte[0]), LOOK)
                      .get(LOOK.toSeconds(), TimeUnit.SECONDS)
                      .close())
          .hasMessageContaining("n1 is no member of this cluster any more");
    }
  }

  /** A machine that has lost its data directory, keys as well, at the address that it had. */
  private void wipeAndJoinAgain(String name, int port, int seed)
      throws IOException, InterruptedException {
    String before = member("one", name).text("id");
    cluster.kill(name);
    cluster.wipe(name);
    String token = cluster.token("one");
    refused(cluster.join(name, port, seed, token), name, "is that of a member");
    cluster.ask("one", "node", "remove", name).ok();
    cluster.join(name, port, seed, token).ok();
    assertThat(members("one").stream().map(node -> node.text("id")))
        .hasSize(3)
        .doesNotContain(before);
  }

  /** Kills a node and starts it at other ports. */
  private void move(String name, int from, int to) throws IOException, InterruptedException {
    cluster.kill(name);
    String config = Files.readString(cluster.config(name));
    for (int i = 0; i < 4; i++) {
      config = config.replace("127.0.0.1:" + (from + i), "127.0.0.1:" + (to + i));
    }
    Files.writeString(cluster.config(name), config);
    String host = "127.0.0.1:";
    cluster
        .ask(
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
    cluster.start(name);
    JsonObject moved = member("one", name);
    assertThat(moved.text("control")).isEqualTo(host + to);
    assertThat(moved.text("raft")).isEqualTo(host + (to + 1));
    assertThat(moved.text("blocks")).isEqualTo(host + (to + 2));
  }

  private String idOf(String token) {
    byte[] bytes = java.util.Base64.getUrlDecoder().decode(token.substring("pando1-".length()));
    return Long.toHexString(java.nio.ByteBuffer.wrap(bytes).getLong());
  }

  /** Control, Raft and blocks: nothing but an end of the connection, and a line in the log. */
  private void strangersGetNothing(String node, int port) throws Exception {
    List<Strangers.Kind> kinds = List.of(Strangers.Kind.values());
    // The line names the stranger's port.
    Map<String, String> lines = new ConcurrentHashMap<>();
    Strangers strangers = strangersTo(node);
    List<Callable<Void>> visits = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      for (Strangers.Kind kind : kinds) {
        int visited = port + i;
        visits.add(
            () -> {
              int own = strangers.visit(kind, visited, new Random(visited));
              lines.put(
                  kind + " at " + visited,
                  "/127.0.0.1:" + own + ": " + reason(kind, visited - port));
              return null;
            });
      }
    }
    all(visits, visits.size());
    // It writes a line when it has closed the connection.
    await()
        .atMost(LOOK)
        .untilAsserted(
            () -> {
              String log = Files.readString(cluster.log(node));
              assertThat(lines)
                  .hasSize(visits.size())
                  .allSatisfy((who, line) -> assertThat(log).contains(line));
            });
  }

  private static String reason(Strangers.Kind kind, int port) {
    return switch (kind) {
      // At the Raft port its end may be seen before what it says is looked at.
      case NOISE -> port == 1 ? "" : "what it says is not TLS";
      case SILENCE -> port == 1 ? "its handshake was not finished" : "handshake timed out";
      case WITHOUT_CERTIFICATE ->
          // At the first port it may ask to join, but does not.
          port == 0 ? "not a Pando frame" : "it shows no certificate";
      case OF_ANOTHER_CLUSTER -> "its certificate is that of n1 of cluster";
      case FORGED -> "its certificate was not signed by this cluster's authority";
    };
  }

  private Strangers strangersTo(String node) throws IOException, GeneralSecurityException {
    return new Strangers(new IdentityFiles(cluster.data(node).resolve("identity")).credentials());
  }

  /** However many come: no memory, no descriptors, few lines, and the mount goes on. */
  private void strangersCostNothing(String node, int port, int count) throws Exception {
    DaemonProcess daemon = new DaemonProcess(cluster.pid(node));
    assertThat(daemon.listeningPorts()).containsExactly(port, port + 1, port + 2, port + 3);
    flood(node, port, count / 10);
    int descriptors = daemon.descriptors();
    long bytes = daemon.anonymousBytes();
    long lines = logLines(node);
    Commands.Running user =
        Commands.startBash(
            LIMIT,
            "n=0; until [ -e \"$2\" ]; do n=$((n+1));"
                + " echo $n > \"$1/busy\" && sync \"$1/busy\" && [ \"$(cat \"$3/busy\")\" = $n ]"
                + " || exit 1; done; echo $n",
            cluster.mount(node),
            dir.resolve("enough"),
            cluster.mount("two"));
    long before = System.nanoTime();
    flood(node, port, count);
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - before);
    Files.createFile(dir.resolve("enough"));
    int rounds = Integer.parseInt(user.await().ok().strip());
    long grown = (daemon.anonymousBytes() - bytes) >> 20;
    System.out.println(
        count
            + " strangers in "
            + seconds
            + " s: "
            + grown
            + " MiB more, "
            + rounds
            + " rounds, "
            + (logLines(node) - lines)
            + " lines");
    assertThat(grown).as("MiB").isLessThan(100);
    assertThat(rounds).isGreaterThan(3);
    // Five lines and a count every ten seconds, from each of five that refuse.
    assertThat(logLines(node) - lines).isLessThan(30 * (seconds / 10 + 2));
    await()
        .atMost(LOOK)
        .untilAsserted(() -> assertThat(daemon.descriptors()).isLessThan(descriptors + 10));
  }

  private void flood(String node, int port, int count) throws Exception {
    Strangers strangers = strangersTo(node);
    Strangers.Kind[] kinds = Strangers.Kind.values();
    List<Callable<Integer>> visits = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Strangers.Kind kind = kinds[i % kinds.length];
      int visited = port + i / kinds.length % 3;
      Random random = new Random(i);
      visits.add(() -> strangers.visit(kind, visited, random));
    }
    all(visits, AT_ONCE);
  }

  private static <T> void all(List<Callable<T>> visits, int atOnce) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(atOnce);
    try {
      for (Future<T> visit : threads.invokeAll(visits)) {
        visit.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private long logLines(String node) throws IOException {
    try (Stream<String> lines = Files.lines(cluster.log(node))) {
      return lines.count();
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
