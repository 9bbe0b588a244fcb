package io.pandofs.tools.status;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pandofs.common.config.HostPort;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the status of a node over HTTP on a loopback address.
 *
 * <ul>
 *   <li>{@code GET /status} the whole document
 *   <li>{@code GET /healthz} 200 when the node serves, else 503
 *   <li>{@code POST /hash} asks all nodes to hash their tables; answers the log index
 *   <li>{@code GET /hash?index=N} this node's hash as of that index; 404 if it is not known in 10 s
 *   <li>{@code POST /drain} unmounts
 * </ul>
 *
 * <p>Bounded: four requests are served at a time and sixteen wait; more are cut off. Request bodies
 * are not read.
 */
public final class StatusServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StatusServer.class);
  private static final int THREADS = 4;
  private static final int WAITING_MAX = 16;
  private static final Duration HASH_PATIENCE = Duration.ofSeconds(10);

  private final HttpServer server;
  private final ThreadPoolExecutor threads;
  private final StatusSource source;

  private StatusServer(HttpServer server, StatusSource source) {
    this.server = server;
    this.source = source;
    this.threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            1,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING_MAX),
            task -> {
              Thread thread = new Thread(task, "status");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Listens and serves. */
  public static StatusServer start(HostPort listen, StatusSource source) throws Refusal {
    HttpServer server;
    try {
      server = HttpServer.create(listen.toSocketAddress(), WAITING_MAX);
    } catch (IOException e) {
      throw new Refusal(
          "Cannot listen on "
              + listen
              + " (status.listen): "
              + e.getMessage()
              + "; stop what uses it or write another port.",
          e);
    }
    StatusServer status = new StatusServer(server, source);
    server.setExecutor(status.threads);
    server.createContext("/", status::handle);
    server.start();
    return status;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String what = exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
      switch (what) {
        case "GET /status" -> answer(exchange, 200, source.status());
        case "GET /healthz" -> health(exchange);
        case "POST /hash" -> answer(exchange, 200, Map.of("index", source.requestHash()));
        case "GET /hash" -> hash(exchange);
        case "POST /drain" -> {
          source.drain();
          answer(exchange, 200, Map.of("drained", true));
        }
        default -> answer(exchange, 404, Map.of("error", "there is no " + what));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.debug("a status client went away: {}", e.toString());
    } catch (Exception e) {
      LOG.warn("status request {} failed", exchange.getRequestURI(), e);
      answer(exchange, 503, Map.of("error", String.valueOf(e.getMessage())));
    }
  }

  private void health(HttpExchange exchange) throws IOException {
    boolean healthy = source.healthy();
    answer(exchange, healthy ? 200 : 503, Map.of("healthy", healthy));
  }

  private void hash(HttpExchange exchange) throws IOException, InterruptedException {
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    if (!query.matches("index=[0-9]{1,18}")) {
      answer(exchange, 400, Map.of("error", "say index=N"));
      return;
    }
    long index = Long.parseLong(query.substring("index=".length()));
    Optional<String> hash = source.hashAt(index, HASH_PATIENCE);
    if (hash.isEmpty()) {
      answer(exchange, 404, Map.of("error", "the hash at " + index + " is not known here"));
      return;
    }
    Map<String, @Nullable Object> answer = new LinkedHashMap<>();
    answer.put("index", index);
    answer.put("hash", hash.get());
    answer(exchange, 200, answer);
  }

  private static void answer(HttpExchange exchange, int code, Map<String, ?> document)
      throws IOException {
    byte[] body = (JsonWriter.write(document) + "\n").getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
