package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.HostPort;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonWriter;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code pando node} commands that ask the daemon. */
final class NodeCommands {
  private NodeCommands() {}

  @Command(name = "ls", description = "Show the nodes of the cluster.")
  static final class List implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Override
    public Integer call() throws Refusal, ConfigException {
      JsonObject result = admin.call("node-ls", Map.of());
      PrintWriter out = admin.spec.commandLine().getOut();
      if (admin.json) {
        out.println(JsonWriter.write(result.values()));
      } else {
        NodeTable.of(result).forEach(out::println);
      }
      if (result.text("leader").isEmpty()) {
        admin
            .spec
            .commandLine()
            .getErr()
            .println("No leader is known: this is what the node asked has of its members.");
        return ExitCode.DEGRADED;
      }
      return ExitCode.OK;
    }
  }

  @Command(
      name = "remove",
      description = {
        "Take a node out of the cluster once its blocks have other homes.",
        "Refused when no majority would be left or a block would lose its last copy."
      })
  static final class Remove implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Parameters(paramLabel = "NODE", description = "Its id (n3) or its name.")
    String node = "";

    @Option(
        names = "--force",
        description = "Do not wait for its blocks: for a node that is gone for good.")
    boolean force;

    @Override
    public Integer call() throws Refusal, ConfigException {
      JsonObject result = admin.call("node-remove", Map.of("node", node, "force", force));
      admin.print(
          result,
          result.text("name") + " (" + result.text("removed") + ") is removed" + loss(result));
      return ExitCode.OK;
    }
  }

  private static String loss(JsonObject result) {
    long blocks = result.number("blocks_lost");
    long groups = result.number("groups_unknown");
    return (blocks == 0 ? "" : "; " + blocks + " blocks are lost")
        + (groups == 0
            ? "."
            : "; of "
                + groups
                + " of its placement groups no other holder answered: what only it had is lost too.");
  }

  @Command(
      name = "drain",
      description = {
        "Move all blocks of a node to the others while it works on.",
        "It stays a member, votes and mounts; its own copies go as the others have them."
      })
  static final class Drain implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Parameters(paramLabel = "NODE", description = "Its id (n3) or its name.")
    String node = "";

    @Option(names = "--undo", description = "Let it hold its share of the blocks again.")
    boolean undo;

    @Override
    public Integer call() throws Refusal, ConfigException {
      JsonObject result = admin.call("node-drain", Map.of("node", node, "undo", undo));
      admin.print(result, text(result));
      return ExitCode.OK;
    }

    /** What came of it, in one sentence. */
    static String text(JsonObject result) {
      String node = result.text("name") + " (" + result.text("node") + ")";
      if (!result.flag("drained")) {
        return node + " gets its share of the blocks again.";
      }
      long copies = result.number("copies");
      long wanted = result.number("copies_wanted");
      return node
          + " has no blocks to keep"
          + (copies == wanted
              ? "."
              : "; there "
                  + (copies == 1 ? "is 1 copy" : "are " + copies + " copies")
                  + " of each now, not "
                  + wanted
                  + (result.number("write_needs") == copies
                      ? ", and a write waits for " + (copies == 1 ? "it." : "all of them.")
                      : "."));
    }
  }

  @Command(
      name = "replace",
      description = "Remove a node whose place a node that has joined since takes.")
  static final class Replace implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Parameters(paramLabel = "OLD", description = "The node to remove: its id (n3) or its name.")
    String old = "";

    @Override
    public Integer call() throws Refusal, ConfigException {
      JsonObject result = admin.call("node-replace", Map.of("node", old));
      admin.print(
          result,
          result.text("name")
              + " ("
              + result.text("removed")
              + ") is removed; "
              + result.text("by")
              + " has its place.");
      return ExitCode.OK;
    }
  }

  @Command(name = "set-address", description = "Tell the cluster where a node is now.")
  static final class SetAddress implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Parameters(paramLabel = "NODE", description = "Its id (n3) or its name.")
    String node = "";

    @Option(names = "--control", paramLabel = "HOST:PORT", description = "Its control address.")
    @Nullable String control;

    @Option(names = "--raft", paramLabel = "HOST:PORT", description = "Its Raft address.")
    @Nullable String raft;

    @Option(names = "--blocks", paramLabel = "HOST:PORT", description = "Its block address.")
    @Nullable String blocks;

    @Override
    public Integer call() throws Refusal, ConfigException {
      if (control == null && raft == null && blocks == null) {
        throw Refusal.ofUsage("Say what changes: --control, --raft or --blocks HOST:PORT.");
      }
      for (String address : new String[] {control, raft, blocks}) {
        if (address != null && HostPort.parse(address).isEmpty()) {
          throw Refusal.ofUsage("'" + address + "' is not an address; write HOST:PORT.");
        }
      }
      JsonObject result =
          admin.call(
              "node-set-address",
              Map.of(
                  "node",
                  node,
                  "control",
                  text(control),
                  "raft",
                  text(raft),
                  "blocks",
                  text(blocks)));
      admin.print(result, result.text("node") + " has its new address.");
      return ExitCode.OK;
    }

    private static String text(@Nullable String given) {
      return given == null ? "" : given;
    }
  }
}
