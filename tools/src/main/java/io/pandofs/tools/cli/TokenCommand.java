package io.pandofs.tools.cli;

import io.pandofs.common.config.ConfigException;
import io.pandofs.common.config.Units;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pando token}: what new machines show to be let in. */
@Command(
    name = "token",
    description = "Make a join token and print the line with which another machine joins.",
    subcommands = {TokenCommand.Ls.class, TokenCommand.Revoke.class})
final class TokenCommand implements Callable<Integer> {
  @Mixin AdminOptions admin = new AdminOptions();

  @Option(
      names = "--uses",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many machines it lets in; default ${DEFAULT-VALUE}.")
  int uses;

  @Option(
      names = "--expires",
      paramLabel = "TIME",
      defaultValue = "24h",
      description = "How long it is good for, as 30min, 24h, 7d; default ${DEFAULT-VALUE}.")
  String expires = "24h";

  @Override
  public Integer call() throws Refusal, ConfigException {
    if (uses < 1) {
      throw Refusal.ofUsage("A token lets in one machine at least, not " + uses + ".");
    }
    Duration validity =
        Units.duration(expires)
            .orElseThrow(
                () -> Refusal.ofUsage("'" + expires + "' is not a time; write 30min, 24h or 7d."));
    JsonObject token =
        admin.call("token-create", Map.of("uses", uses, "seconds", validity.toSeconds()));
    String line = JoinLine.of(token);
    Map<String, @Nullable Object> result = new LinkedHashMap<>(token.values());
    result.put("join", line);
    admin.print(JsonObject.of(result), line);
    return ExitCode.OK;
  }

  @Command(name = "ls", description = "List the join tokens.")
  static final class Ls implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Override
    public Integer call() throws Refusal, ConfigException {
      JsonObject result = admin.call("token-ls", Map.of());
      StringBuilder text =
          new StringBuilder(
              String.format(
                  java.util.Locale.ROOT, "%-18s %9s  %s", "ID", "USES LEFT", "EXPIRES IN"));
      for (JsonObject token : result.objects("tokens")) {
        text.append(
            String.format(
                java.util.Locale.ROOT,
                "%n%-18s %9d  %s",
                token.text("id"),
                token.number("uses_left"),
                left(token)));
      }
      admin.print(result, text.toString());
      return ExitCode.OK;
    }

    private static String left(JsonObject token) {
      Duration left = Duration.ofSeconds(token.number("expires_in_seconds"));
      return left.isZero() ? "expired" : left.toHours() + " h " + left.toMinutesPart() + " min";
    }
  }

  @Command(name = "revoke", description = "Take a join token away.")
  static final class Revoke implements Callable<Integer> {
    @Mixin AdminOptions admin = new AdminOptions();

    @Parameters(paramLabel = "ID", description = "As pando token ls shows it.")
    String id = "";

    @Override
    public Integer call() throws Refusal, ConfigException {
      JsonObject result = admin.call("token-revoke", Map.of("id", id));
      admin.print(result, "Token " + id + " is revoked.");
      return ExitCode.OK;
    }
  }
}
