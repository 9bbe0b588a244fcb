package io.pandofs.tools.cli;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.dev.DevCluster;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The {@code pando dev} commands that do one thing to one node. */
final class DevNodeCommands {
  private DevNodeCommands() {}

  /** One thing done to one node. */
  abstract static class OnNode implements Callable<Integer> {
    @Mixin DevOptions dev = new DevOptions();

    @Parameters(paramLabel = "N", description = "The node's number: 1 for n1.")
    int number;

    abstract void act(DevCluster cluster) throws Refusal, IOException, InterruptedException;

    @Override
    public Integer call() throws Refusal, IOException, InterruptedException {
      act(dev.cluster());
      if (dev.json) {
        dev.spec.commandLine().getOut().println(JsonWriter.write(Map.of("node", "n" + number)));
      }
      return ExitCode.OK;
    }
  }

  @Command(name = "kill", description = "SIGKILL a node, as a crash would.")
  static final class Kill extends OnNode {
    @Override
    void act(DevCluster cluster) throws Refusal, IOException, InterruptedException {
      cluster.kill(number);
    }
  }

  @Command(name = "stop", description = "Stop a node cleanly.")
  static final class Stop extends OnNode {
    @Override
    void act(DevCluster cluster) throws Refusal, IOException, InterruptedException {
      cluster.stop(number);
    }
  }

  @Command(name = "start", description = "Start a node, and return when it is mounted.")
  static final class Start extends OnNode {
    @Override
    void act(DevCluster cluster) throws Refusal, IOException, InterruptedException {
      cluster.start(number);
    }
  }

  @Command(name = "pause", description = "Freeze a node (SIGSTOP).")
  static final class Pause extends OnNode {
    @Override
    void act(DevCluster cluster) throws Refusal, IOException, InterruptedException {
      cluster.pause(number);
    }
  }

  @Command(name = "resume", description = "Let a frozen node go on (SIGCONT).")
  static final class Resume extends OnNode {
    @Override
    void act(DevCluster cluster) throws Refusal, IOException, InterruptedException {
      cluster.resume(number);
    }
  }
}
