package io.pandofs.tests.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * An agent in a process of its own (Python 3). A call that does not come back in time is answered
 * {@code STUCK}: the FUSE connection below the directory is aborted, which frees even an unkillable
 * wait, and the process is killed. After that every further call is answered {@code STUCK}.
 */
public final class AgentProcess implements Agent {
  public static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String END = "";

  private final Path directory;
  private final Duration patience;
  private final Process process;
  private final BufferedWriter lines;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private boolean stuck;

  private AgentProcess(Path directory, Duration patience, Process process) {
    this.directory = directory;
    this.patience = patience;
    this.process = process;
    this.lines = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), UTF_8));
    Thread reader = new Thread(this::readAnswers, "agent-answers");
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts an agent that will work below {@code directory}; nothing there is touched yet. */
  public static AgentProcess start(Path directory) {
    return start(directory, PATIENCE);
  }

  static AgentProcess start(Path directory, Duration patience) {
    return new AgentProcess(directory, patience, Scripts.python("agent.py"));
  }

  @Override
  public Answer ask(String line) {
    if (stuck) {
      return Answer.STUCK;
    }
    try {
      lines.write(line + "\n");
      lines.flush();
      String answer = answers.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
      if (answer == null) {
        return giveUp();
      }
      if (answer.equals(END)) {
        throw new IllegalStateException("the agent ended at: " + line);
      }
      return new Answer(answer);
    } catch (IOException e) {
      throw new UncheckedIOException("the agent is gone at: " + line, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      giveUp();
      throw new IllegalStateException("interrupted while waiting for: " + line, e);
    }
  }

  long pid() {
    return process.pid();
  }

  private Answer giveUp() {
    stuck = true;
    String aborted = FuseConnection.abort(directory) ? " (its FUSE connection was aborted)" : "";
    process.destroyForcibly();
    return new Answer("STUCK for " + patience.toSeconds() + " s" + aborted);
  }

  private void readAnswers() {
    try (InputStream in = process.getInputStream();
        BufferedReader reader = new BufferedReader(new InputStreamReader(in, UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        answers.add(line);
      }
    } catch (IOException e) {
      // The process was killed; whoever waits is told that it ended.
      answers.add(END);
      return;
    }
    answers.add(END);
  }

  /** Ends the process and waits for it; one that holds on is killed. */
  @Override
  public void close() {
    try {
      if (!stuck) {
        lines.close();
      }
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        giveUp();
      }
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
