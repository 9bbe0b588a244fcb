package io.pandofs.tools.cli;

import io.pandofs.common.TheOnePlace;
import io.pandofs.common.config.ConfigException;
import io.pandofs.tools.Refusal;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code pando} command. */
@Command(
    name = "pando",
    description = "A filesystem that mounts the same tree on every machine of a small cluster.",
    subcommands = {
      InitCommand.class,
      JoinCommand.class,
      TokenCommand.class,
      NodeCommand.class,
      LeaderCommand.class,
      VolumeCommand.class,
      RecoverCommand.class,
      StatusCommand.class,
      ScrubCommand.class,
      FsckCommand.class,
      DiskCommand.class,
      BenchCommand.class,
      DevCommand.class,
      VersionCommand.class,
      CommandLine.HelpCommand.class
    },
    versionProvider = VersionCommand.class,
    synopsisSubcommandLabel = "COMMAND")
public final class Pando {
  private static final Logger LOG = LoggerFactory.getLogger(Pando.class);

  @Mixin HelpOption help = new HelpOption();

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Print the version and exit.")
  boolean version;

  private Pando() {}

  @TheOnePlace("the program's exit code")
  public static void main(String[] args) {
    System.exit(run(args));
  }

  static int run(String... args) {
    CommandLine line = new CommandLine(new Pando());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExitCodeExceptionMapper(Pando::exitCode);
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          command.getErr().println("pando: " + sentence(failure));
          LOG.debug("the command failed", failure);
          return exitCode(failure);
        });
    line.setParameterExceptionHandler(
        (mistake, arguments) -> {
          CommandLine command = mistake.getCommandLine();
          command.getErr().println("pando: " + mistake.getMessage());
          CommandLine.UnmatchedArgumentException.printSuggestions(mistake, command.getErr());
          command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
          return ExitCode.USAGE;
        });
    return line.execute(args);
  }

  private static int exitCode(Throwable failure) {
    boolean usage =
        failure instanceof ConfigException
            || (failure instanceof Refusal refusal && refusal.isUsage());
    return usage ? ExitCode.USAGE : ExitCode.FAILED;
  }

  /** One sentence for a person. */
  static String sentence(Throwable failure) {
    if (failure instanceof Refusal || failure instanceof ConfigException) {
      return String.valueOf(failure.getMessage());
    }
    if (failure instanceof IOException) {
      return "A file or connection failed: "
          + failure.getMessage()
          + " ("
          + failure.getClass().getSimpleName()
          + ").";
    }
    return "Something went wrong inside Pando: " + failure + "; set PANDO_LOG=DEBUG to see where.";
  }
}
