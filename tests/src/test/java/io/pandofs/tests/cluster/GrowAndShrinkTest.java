package io.pandofs.tests.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.NodeConfig;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.status.StatusClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A cluster grows and shrinks under a writer, loses its majority, and goes on with a survivor. */
@Tag("fuse")
final class GrowAndShrinkTest {
  private static final Duration LONG = Duration.ofSeconds(150);
  private static final Duration SHORT = Duration.ofSeconds(60);

  /** Calls on a mount that its policy may refuse. */
  private static final String CAT = "cat \"$1/f\"";

  private static final String ECHO = "echo x > \"$1/refused\"";

  @Test
  @Timeout(value = 12, unit = TimeUnit.MINUTES)
  void oneNodeBecomesThreeAndOneAgainUnderAWriter()
      throws IOException, InterruptedException, ConfigException {
    try (DevCluster cluster = DevCluster.up(1)) {
      growAndShrink(cluster, "16M");
      Commands.Result again = cluster.dev(LONG, "start", "3", "--timeout", "30");
      assertThat(again.err()).contains("was removed from the cluster");
      removedNodesAreNotMissed(cluster);
    }
  }

  /** The same where each node has a certificate, and a token let it in. */
  @Test
  @Tag("full")
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void nodesWithCertificatesBecomeThreeAndOneAgainUnderAWriter(@TempDir Path dir)
      throws IOException, InterruptedException, ConfigException {
    try (SecuredNodes cluster = SecuredNodes.one(dir)) {
      growAndShrink(cluster, "64M");
    }
  }

  /** From one node to three and back, under a writer that verifies what it wrote. */
  private static void growAndShrink(GrowingCluster cluster, String size)
      throws IOException, InterruptedException, ConfigException {
    Commands.Running writer = writer(cluster, 1, size);
    statusTells(cluster, "n1", "n1");
    cluster.add();
    cluster.add();
    assertThat(roles(cluster, 1)).containsExactlyInAnyOrder("leader", "voter", "voter");
    statusTells(cluster, "n1", "n1", "n2", "n3");
    cluster.ask(1, "leader", "transfer", "n2").ok();
    assertThat(nodes(cluster, 1).get(1).text("role")).isEqualTo("leader");
    statusTells(cluster, "n2", "n1", "n2", "n3");
    theMajorityIsNotGivenUp(cluster);
    Commands.Running appender = appender(cluster, 2, "lines");
    cluster.ask(1, "node", "remove", "n2").ok();
    ended(cluster, 2);
    nothingOfItIsLost(cluster, appender);
    statusTells(cluster, "", "n1", "n3");
    cluster.ask(1, "node", "remove", "n3").ok();
    ended(cluster, 3);
    assertThat(roles(cluster, 1)).containsExactly("leader");
    statusTells(cluster, "n1", "n1");
    Commands.Result last = cluster.ask(1, "node", "remove", "n1");
    assertThat(last.code()).isEqualTo(1);
    enough(cluster, writer);
  }

  private static void removedNodesAreNotMissed(DevCluster cluster)
      throws IOException, InterruptedException {
    String mounts = cluster.dev(LONG, "up").ok();
    assertThat(mounts.lines()).containsExactly(cluster.mount(1).toString());
    Awaitility.await()
        .atMost(SHORT)
        .untilAsserted(
            () -> {
              Commands.Result status = cluster.dev(SHORT, "status");
              assertThat(status.code()).as("%s", status).isZero();
              assertThat(status.out())
                  .contains("n2 was removed from the cluster", "n3 was removed from the cluster");
            });
    assertThat(cluster.status().objects("nodes").get(1).text("process")).isEqualTo("removed");
  }

  @Test
  @Tag("full")
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void oneThreeFiveThree() throws IOException, InterruptedException {
    try (DevCluster cluster = DevCluster.up(1)) {
      cluster.add();
      cluster.add();
      // On one that stays, so that whatever it meets counts.
      Commands.Running writer = writer(cluster, 3, "64M");
      cluster.add();
      cluster.add();
      assertThat(roles(cluster, 1)).hasSize(5);
      statusTells(cluster, "", "n1", "n2", "n3", "n4", "n5");
      cluster.ask(1, "node", "remove", "n2").ok();
      statusTells(cluster, "", "n1", "n3", "n4", "n5");
      cluster.kill(1);
      cluster.ask(3, "node", "replace", "n1").ok();
      assertThat(roles(cluster, 3)).hasSize(3).contains("leader");
      enough(cluster, writer);
      for (int node = 3; node <= 5; node++) {
        Commands.bash(LONG, "cp \"$1/steady\" /dev/null", cluster.mount(node)).ok();
      }
    }
  }

  /** Removing a living one while another is dead would leave one of two. */
  private static void theMajorityIsNotGivenUp(GrowingCluster cluster)
      throws IOException, InterruptedException, ConfigException {
    cluster.kill(3);
    Awaitility.await()
        .atMost(SHORT)
        .until(() -> nodes(cluster, 1).get(2).number("last_seen_millis") > 3_000);
    Awaitility.await()
        .atMost(SHORT)
        .until(() -> String.valueOf(status(cluster, 1).values().get("degraded")).contains("n3"));
    assertThat(peer(cluster, "n3").flag("answers")).isFalse();
    assertThat(peer(cluster, "n2").flag("answers")).isTrue();
    Commands.Result refused = cluster.ask(1, "node", "remove", "n2");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("no majority");
    Commands.Result degraded = cluster.ask(1, "status");
    assertThat(degraded.code()).isEqualTo(3);
    assertThat(degraded.out()).contains("no answer from [n3]");
    cluster.start(3);
  }

  /**
   * That {@code pando status} on each node comes to know, within seconds, these members, all voters
   * that answer, and this leader.
   *
   * @param leader empty: whichever
   */
  private static void statusTells(GrowingCluster cluster, String leader, String... members) {
    for (String asked : members) {
      int node = Integer.parseInt(asked.substring(1));
      Awaitility.await()
          .atMost(SHORT)
          .untilAsserted(() -> tells(status(cluster, node), asked, leader, members));
    }
  }

  private static void tells(JsonObject status, String asked, String leader, String... members) {
    assertThat(status.objects("peers").stream().map(peer -> peer.text("name")))
        .containsExactlyInAnyOrder(members);
    assertThat(status.objects("peers"))
        .allMatch(peer -> peer.flag("voter") && peer.flag("answers"))
        .noneMatch(peer -> peer.flag("drained"));
    String led = status.object("raft").text("leader");
    assertThat(led).isIn((Object[]) (leader.isEmpty() ? members : new String[] {leader}));
    assertThat(status.object("raft").text("role").equals("leader")).isEqualTo(led.equals(asked));
    assertThat(status.values().get("degraded")).as("degraded").hasToString("[]");
    assertThat(status.values().get("notes"))
        .asString()
        .matches(members.length == 2 ? ".*two nodes vote.*" : "\\[\\]");
  }

  /** The document that {@code pando status --json} prints, without the start of a program. */
  private static JsonObject status(GrowingCluster cluster, int node)
      throws IOException, ConfigException {
    return new StatusClient(NodeConfig.load(cluster.config(node)).status()).status(SHORT);
  }

  private static JsonObject peer(GrowingCluster cluster, String name)
      throws IOException, ConfigException {
    return status(cluster, 1).objects("peers").stream()
        .filter(peer -> peer.text("name").equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** The writer goes on a little with what is left, and has seen no error. */
  private static void enough(GrowingCluster cluster, Commands.Running writer)
      throws IOException, InterruptedException {
    Commands.bash(SHORT, "touch \"$1/enough\"", cluster.directory()).ok();
    Commands.Result written = writer.await();
    assertThat(written.code()).as(written.out() + written.err()).isZero();
    assertThat(written.out()).contains("rounds");
    System.out.println(written.out().lines().filter(l -> l.contains("rounds")).toList());
  }

  /** Writes and verifies round after round until the file "enough" is there. */
  private static Commands.Running writer(GrowingCluster cluster, int node, String size)
      throws IOException {
    return Commands.startBash(
        Duration.ofMinutes(8),
        "head -c 3000000 /dev/urandom > \"$1/steady\"; n=0;"
            + " until [ -e \"$2/enough\" ]; do n=$((n+1));"
            + " fio --name=v --filename=\"$1/verified\" --rw=randrw --bs=16k --size=$3"
            + " --verify=crc32c --verify_fatal=1 --fsync=16 --ioengine=psync --randseed=$n"
            + " --rate=4m --verify_state_save=0 || exit 1; done; echo rounds $n",
        cluster.mount(node),
        cluster.directory(),
        size);
  }

  /** Appends lines that it never syncs, until its mount takes no more; says how many. */
  private static Commands.Running appender(GrowingCluster cluster, int node, String name)
      throws IOException {
    return Commands.startBash(
        Duration.ofMinutes(8),
        "exec 3>>\"$1\"; n=0;"
            + " while printf '%d\\n' $n >&3; do n=$((n+1)); sleep 0.02; done; echo $n",
        cluster.mount(node).resolve(name));
  }

  private static Commands.Running appenderThatHasBegun(
      GrowingCluster cluster, int node, String name) throws IOException {
    Commands.Running appender = appender(cluster, node, name);
    Path file = cluster.mount(node).resolve(name);
    Awaitility.await()
        .atMost(SHORT)
        .until(() -> Commands.bash(SHORT, "[ -s \"$1\" ]", file).code() == 0);
    return appender;
  }

  private static int appended(Commands.Running appender) throws IOException, InterruptedException {
    return Integer.parseInt(appender.await().out().strip());
  }

  /** Of a node that was removed while it was alive. */
  private static void nothingOfItIsLost(GrowingCluster cluster, Commands.Running appender)
      throws IOException, InterruptedException {
    int appended = appended(appender);
    String seen = Commands.bash(SHORT, "cat \"$1/lines\"", cluster.mount(1)).ok();
    List<String> lines = seen.lines().toList();
    assertThat(lines.size()).isBetween(appended, appended + 1);
    for (int i = 0; i < lines.size(); i++) {
      assertThat(lines.get(i)).isEqualTo(Integer.toString(i));
    }
  }

  private static void ended(GrowingCluster cluster, int node) throws IOException {
    Awaitility.await()
        .atMost(SHORT)
        .untilAsserted(
            () -> {
              assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
                  .doesNotContain(cluster.mount(node).toString());
              assertThat(Files.readString(cluster.log(node)))
                  .contains("was removed from the cluster");
            });
  }

  private static List<JsonObject> nodes(GrowingCluster cluster, int through)
      throws IOException, InterruptedException {
    return JsonReader.readObject(cluster.ask(through, "node", "ls", "--json").ok())
        .objects("nodes");
  }

  private static List<String> roles(GrowingCluster cluster, int through)
      throws IOException, InterruptedException {
    return nodes(cluster, through).stream().map(node -> node.text("role")).toList();
  }

  @Test
  @Timeout(value = 12, unit = TimeUnit.MINUTES)
  void withoutAMajorityEachMountFollowsItsPolicyAndASurvivorGoesOn()
      throws IOException, InterruptedException, ConfigException {
    try (DevCluster cluster = DevCluster.up(3)) {
      Commands.bash(
              SHORT, "head -c 300000 /dev/urandom > \"$1/f\" && sync \"$1/f\"", cluster.mount(1))
          .ok();
      policy(cluster, 1, "read-only");
      policy(cluster, 2, "wait:10s");
      policy(cluster, 3, "error");
      cluster.stop(1);
      cluster.start(1);
      Commands.bash(SHORT, "cp \"$1/f\" \"$2/kept\"", cluster.mount(1), cluster.directory()).ok();
      cluster.kill(2);
      cluster.kill(3);
      state(cluster, 1, "read-only");
      sameAsKept(cluster, 1);
      Commands.Result write = Commands.bash(SHORT, "echo x > \"$1/new\"", cluster.mount(1));
      assertThat(write.err()).contains("Read-only file system");
      assertThat(cluster.ask(1, "status").out()).contains("read-only");
      cluster.start(2);
      state(cluster, 1, "ok");
      Commands.bash(SHORT, "echo back > \"$1/new\"", cluster.mount(1)).ok();
      Commands.bash(SHORT, "[ \"$(cat \"$1/new\")\" = back ]", cluster.mount(2)).ok();

      oneThatWaits(cluster);
      cluster.start(3);
      state(cluster, 2, "ok");
      goesOn(cluster, 2, 3);
      Awaitility.await()
          .atMost(SHORT)
          .until(() -> status(cluster, 3).object("blocks").number("need_blocks") == 0);

      oneThatAnswersAtOnce(cluster);
      survive(cluster);
    }
  }

  /** The second node alone, with {@code wait:10s}. */
  private static void oneThatWaits(DevCluster cluster) throws IOException, InterruptedException {
    sameAsKept(cluster, 2);
    Commands.Running reader =
        Commands.startBash(
            SHORT,
            "while s=$EPOCHREALTIME; ls \"$1\" >/dev/null; do sleep 0.1; done;"
                + " echo $(( (${EPOCHREALTIME/./} - ${s/./}) / 1000 ))",
            cluster.mount(2));
    cluster.kill(1);
    state(cluster, 2, "waiting");
    assertThat(reader.isAlive()).as("the call that waits").isTrue();
    Commands.Running cat = timed(cluster, 2, CAT);
    Commands.Running echo = timed(cluster, 2, ECHO);
    // The first came when the majority was gone for a moment. Each waits for 10 s.
    for (Commands.Running call : List.of(reader, cat, echo)) {
      assertThat(refused(call)).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(25));
    }
    state(cluster, 2, "no-quorum");
    refusedAtOnce(cluster, 2);
  }

  /** The third node alone, with {@code error}. */
  private static void oneThatAnswersAtOnce(DevCluster cluster)
      throws IOException, InterruptedException, ConfigException {
    sameAsKept(cluster, 3);
    Commands.Running appender = appenderThatHasBegun(cluster, 3, "lines");
    cluster.kill(2);
    state(cluster, 3, "no-quorum");
    refusedAtOnce(cluster, 3);
    membersAreTold(cluster, 3);
    List<String> taken = IntStream.range(0, appended(appender)).mapToObj(String::valueOf).toList();
    cluster.start(2);
    state(cluster, 3, "ok");
    goesOn(cluster, 3, 2);
    for (int node = 2; node <= 3; node++) {
      // Not synced, but kept until the majority was back.
      assertThat(Commands.bash(SHORT, "cat \"$1/lines\"", cluster.mount(node)).ok().lines())
          .containsExactlyElementsOf(taken);
    }
    endsWithUnsyncedData(cluster);
  }

  /** Also while nobody leads. */
  private static void membersAreTold(DevCluster cluster, int node)
      throws IOException, InterruptedException {
    Commands.Result told =
        Commands.run(
            SHORT,
            DevCluster.launcher().toString(),
            "node",
            "ls",
            "--config",
            cluster.directory().resolve("n" + node).resolve("pando.toml").toString());
    assertThat(told.code()).as("%s", told).isEqualTo(3);
    assertThat(told.err()).contains("No leader is known");
    assertThat(told.out()).contains("n1", "n2", "n3");
  }

  /** Neither unmounting nor the end of the daemon waits for a majority that is not there. */
  private static void endsWithUnsyncedData(DevCluster cluster)
      throws IOException, InterruptedException, ConfigException {
    Commands.Running appender = appenderThatHasBegun(cluster, 3, "lost");
    cluster.kill(2);
    state(cluster, 3, "no-quorum");
    assertThat(appended(appender)).isPositive();
    assertThat(status(cluster, 3).object("mount").number("dirty_bytes")).isPositive();
    Commands.bash(Duration.ofSeconds(20), "umount \"$1\"", cluster.mount(3)).ok();
    cluster.stop(3);
    assertThat(Files.readString(cluster.log(3))).contains("written bytes are lost");
  }

  /** A mount that has refused calls, and another, after the majority is back. */
  private static void goesOn(DevCluster cluster, int node, int other)
      throws IOException, InterruptedException {
    for (int each : List.of(node, other)) {
      sameAsKept(cluster, each);
      Commands.bash(SHORT, "[ ! -e \"$1/refused\" ]", cluster.mount(each)).ok();
    }
    Commands.bash(SHORT, "echo again $2 > \"$1/new\"", cluster.mount(node), node).ok();
    assertThat(Commands.bash(SHORT, "cat \"$1/new\"", cluster.mount(other)).ok())
        .isEqualTo("again " + node + "\n");
  }

  private static void sameAsKept(DevCluster cluster, int node)
      throws IOException, InterruptedException {
    Commands.bash(SHORT, "cmp \"$1/f\" \"$2/kept\"", cluster.mount(node), cluster.directory()).ok();
  }

  private static void refusedAtOnce(DevCluster cluster, int node)
      throws IOException, InterruptedException {
    for (String call : List.of("ls \"$1\"", CAT, ECHO)) {
      assertThat(refused(timed(cluster, node, call))).as(call).isLessThan(Duration.ofSeconds(5));
    }
  }

  /** Makes a call that is to fail, and says how many milliseconds it took. */
  private static Commands.Running timed(DevCluster cluster, int node, String call)
      throws IOException {
    return Commands.startBash(
        SHORT,
        "s=$EPOCHREALTIME; " + call + "; echo $(( (${EPOCHREALTIME/./} - ${s/./}) / 1000 ))",
        cluster.mount(node));
  }

  /** How long a call took that must answer EIO, and gave nothing before. */
  private static Duration refused(Commands.Running call) throws IOException, InterruptedException {
    Commands.Result result = call.await();
    assertThat(result.err()).contains("Input/output error");
    return Duration.ofMillis(Long.parseLong(result.out().strip()));
  }

  private static void survive(DevCluster cluster) throws IOException, InterruptedException {
    Commands.Result asked = cluster.ask(3, "recover", "--from-survivor");
    assertThat(asked.code()).isEqualTo(1);
    assertThat(asked.out()).contains("blocks of file data are here");
    assertThat(asked.err()).contains("--yes-i-lose n1,n2");
    assertThat(cluster.ask(3, "recover", "--from-survivor", "--yes-i-lose", "n1").code())
        .isEqualTo(1);
    cluster.ask(3, "recover", "--from-survivor", "--yes-i-lose", "n1,n2").ok();
    cluster.start(3);
    sameAsKept(cluster, 3);
    Commands.bash(SHORT, "echo alone > \"$1/alone\"", cluster.mount(3)).ok();
    assertThat(roles(cluster, 3)).containsExactly("leader");
    // A lost one comes back and finds nobody; emptied, it is a new node.
    assertThat(cluster.dev(LONG, "start", "2", "--timeout", "8").code()).isNotZero();
    cluster.kill(2);
    Commands.bash(SHORT, "rm -rf \"$1\"", cluster.data(2)).ok();
    cluster.start(2);
    Commands.bash(SHORT, "[ \"$(cat \"$1/alone\")\" = alone ]", cluster.mount(2)).ok();
    assertThat(roles(cluster, 3)).containsExactlyInAnyOrder("leader", "voter");
  }

  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void aDaemonThatStaysStoppedLosesItsMount() throws IOException, InterruptedException {
    try (DevCluster cluster = DevCluster.up(1)) {
      configure(cluster, 1, "watchdog = \"4s\"");
      Commands.bash(SHORT, "echo there > \"$1/f\"", cluster.mount(1)).ok();
      cluster.pause(1);
      // Ended by the watchdog: the limit of this command is far away.
      Commands.Result read = Commands.bash(SHORT, "cat \"$1/f\"", cluster.mount(1));
      assertThat(read.err()).containsAnyOf("not connected", "abort");
      cluster.resume(1);
      cluster.stop(1);
      cluster.start(1);
      assertThat(Commands.bash(SHORT, "cat \"$1/f\"", cluster.mount(1)).ok()).isEqualTo("there\n");
    }
  }

  /** From its next start on. */
  private static void policy(DevCluster cluster, int node, String policy) throws IOException {
    write(cluster, node, "quorum_loss = \"" + policy + "\"");
  }

  private static void configure(DevCluster cluster, int node, String line)
      throws IOException, InterruptedException {
    cluster.stop(node);
    write(cluster, node, line);
    cluster.start(node);
  }

  private static void write(DevCluster cluster, int node, String line) throws IOException {
    Path config = cluster.config(node);
    Files.writeString(config, line + "\n" + Files.readString(config));
  }

  /** The mount's own word for how it is, which is there at once whatever it is. */
  private static void state(DevCluster cluster, int node, String wanted) {
    Awaitility.await()
        .atMost(SHORT)
        .untilAsserted(
            () ->
                assertThat(
                        Commands.bash(
                                Duration.ofSeconds(5),
                                "getfattr --absolute-names --only-values -n user.pando.state"
                                    + " \"$1\"",
                                cluster.mount(node))
                            .out())
                    .isEqualTo(wanted));
  }
}
