package io.pandofs.tools.admin;

import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import io.pandofs.tools.json.JsonWriter;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A command's end of the admin channel; see {@link AdminServer}. */
public final class AdminClient {
  private final Path dataDirectory;

  /** For the daemon that uses this data directory. */
  public AdminClient(Path dataDirectory) {
    this.dataDirectory = dataDirectory;
  }

  /**
   * Asks the daemon and waits for its answer, however long that takes.
   *
   * @param arguments of the command; its name is put beside them
   * @param progress gets each sentence about how far it is
   * @throws Refusal no daemon runs, it may not be asked, or it said no, of the usage too
   */
  public JsonObject call(String command, Map<String, ?> arguments, Consumer<String> progress)
      throws Refusal {
    try (SocketChannel channel = open()) {
      return call(channel, command, arguments, progress);
    } catch (IOException | IllegalArgumentException e) {
      throw noAnswer(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * The same for a command that tells no progress, and for no longer than the patience: a daemon
   * that stands still takes a connection and never answers.
   */
  public JsonObject call(String command, Map<String, ?> arguments, Duration patience)
      throws Refusal {
    try (SocketChannel channel = open()) {
      CompletableFuture<Void> end = closeAfter(patience, channel);
      try {
        return call(channel, command, arguments, text -> {});
      } finally {
        end.cancel(false);
      }
    } catch (ClosedChannelException e) {
      throw noAnswer("it said nothing for " + patience.toSeconds() + " s", e);
    } catch (IOException | IllegalArgumentException e) {
      throw noAnswer(String.valueOf(e.getMessage()), e);
    }
  }

  private static CompletableFuture<Void> closeAfter(Duration patience, SocketChannel channel) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            channel.close();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        CompletableFuture.delayedExecutor(patience.toMillis(), TimeUnit.MILLISECONDS));
  }

  private JsonObject call(
      SocketChannel channel, String command, Map<String, ?> arguments, Consumer<String> progress)
      throws Refusal, IOException {
    Map<String, @Nullable Object> request = new LinkedHashMap<>(arguments);
    request.put("command", command);
    connect(channel);
    AdminSocket.writeLine(channel, JsonWriter.write(request));
    InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
    while (true) {
      String line = AdminSocket.readLine(in, AdminSocket.ANSWER_MAX);
      if (line == null) {
        throw new Refusal("The node ended before it answered; see its log.");
      }
      JsonObject answer = JsonReader.readObject(line);
      if (!answer.text("progress").isEmpty()) {
        progress.accept(answer.text("progress"));
      } else if (answer.flag("ok")) {
        return answer.object("result");
      } else {
        String why = answer.text("error");
        throw answer.flag("usage") ? Refusal.ofUsage(why) : new Refusal(why);
      }
    }
  }

  private static SocketChannel open() throws IOException {
    return SocketChannel.open(StandardProtocolFamily.UNIX);
  }

  private void connect(SocketChannel channel) throws Refusal, IOException {
    UnixDomainSocketAddress address = AdminSocket.in(dataDirectory);
    if (Files.isDirectory(dataDirectory) && !Files.isExecutable(dataDirectory)) {
      throw noPermission();
    }
    if (!Files.exists(address.getPath())) {
      throw notRunning(null);
    }
    if (!Files.isWritable(address.getPath())) {
      throw noPermission();
    }
    try {
      channel.connect(address);
    } catch (ConnectException e) {
      throw notRunning(e);
    }
  }

  private Refusal noAnswer(String why, Exception cause) {
    return new Refusal("The node of " + dataDirectory + " does not answer: " + why + ".", cause);
  }

  private Refusal notRunning(@Nullable IOException cause) {
    return new Refusal(
        "No daemon runs on " + dataDirectory + "; start one with: pando node --config FILE",
        cause == null ? new IOException("no socket") : cause);
  }

  private Refusal noPermission() {
    return new Refusal(
        "No permission to use the daemon of "
            + dataDirectory
            + "; run this as root or as the daemon's user.");
  }
}
