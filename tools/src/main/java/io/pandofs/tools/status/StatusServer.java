package io.pandofs.tools.status;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pandofs.common.config.HostPort;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the status of a node over HTTP on a loopback address.
 *
 * <ul>
 *   <li>{@code GET /status} the whole document
 *   <li>{@code GET /healthz} 200 when the node serves, else 503
 * </ul>
 *
 * <p>Whoever can connect may ask, without saying who he is: so there is nothing here that changes
 * anything or makes other nodes work. That is what {@link io.pandofs.tools.admin} is for. A request
 * that calls this machine by a name other than a loopback one is refused: a page in a browser sends
 * such a one when its own name was made to mean 127.0.0.1, to read what is answered here.
 *
 * <p>Bounded: four requests are served at a time and sixteen wait; more are cut off, and so is one
 * that is not there wholly or whose answer is not taken within five seconds. Request bodies are not
 * read.
 */
public final class StatusServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StatusServer.class);
  private static final int THREADS = 4;
  private static final int WAITING_MAX = 16;
  private static final Duration EXCHANGE = Duration.ofSeconds(5);
  private static final Pattern LOOPBACK =
      Pattern.compile(
          "(localhost\\.?|127(\\.[0-9]{1,3}){3}|\\[::1])(:[0-9]{1,5})?", Pattern.CASE_INSENSITIVE);

  private final HttpServer server;
  private final ThreadPoolExecutor threads;
  private final StatusSource source;

  static {
    // Read by the JDK's server when it is first used; without them a request may take for ever.
    String seconds = String.valueOf(EXCHANGE.toSeconds());
    System.setProperty("sun.net.httpserver.maxReqTime", seconds);
    System.setProperty("sun.net.httpserver.maxRspTime", seconds);
  }

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

  private void handle(HttpExchange exchange) {
    try (exchange) {
      try {
        answer(exchange);
      } catch (RuntimeException e) {
        LOG.warn("status request {} failed", exchange.getRequestURI(), e);
        answer(exchange, 503, Map.of("error", "the status cannot be told; see the node's log"));
      }
    } catch (IOException e) {
      LOG.debug("a status client went away: {}", e.toString());
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    boolean known = "/status".equals(path) || "/healthz".equals(path);
    if (!isForLoopback(exchange.getRequestHeaders().get("Host"))) {
      answer(exchange, 403, Map.of("error", "say Host: 127.0.0.1, or another loopback name"));
    } else if (!known) {
      answer(exchange, 404, Map.of("error", "there are /status and /healthz"));
    } else if (!exchange.getRequestMethod().equals("GET")) {
      exchange.getResponseHeaders().set("Allow", "GET");
      answer(exchange, 405, Map.of("error", "this endpoint only tells: say GET"));
    } else if (path.equals("/status")) {
      answer(exchange, 200, source.status());
    } else {
      boolean healthy = source.healthy();
      answer(exchange, healthy ? 200 : 503, Map.of("healthy", healthy));
    }
  }

  /** A program that says no host at all is no browser. */
  private static boolean isForLoopback(@Nullable List<String> hosts) {
    return hosts == null || hosts.stream().allMatch(host -> LOOPBACK.matcher(host).matches());
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
