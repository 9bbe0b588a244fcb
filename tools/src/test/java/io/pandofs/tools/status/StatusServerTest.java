package io.pandofs.tools.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.config.HostPort;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the status endpoint tells a stranger, and that he can ask it for nothing else. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class StatusServerTest {
  private final Told told = new Told();
  private HostPort endpoint;
  private StatusServer server;

  /** What a node would tell. */
  private static final class Told implements StatusSource {
    volatile boolean healthy = true;
    volatile boolean broken;

    @Override
    public Map<String, Object> status() {
      if (broken) {
        throw new IllegalStateException("bug");
      }
      return Map.of("state", "ok");
    }

    @Override
    public boolean healthy() {
      return healthy;
    }
  }

  @BeforeEach
  void start() throws IOException, Refusal {
    int port;
    try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = any.getLocalPort();
    }
    endpoint = new HostPort("127.0.0.1", port);
    server = StatusServer.start(endpoint, told);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /** The first line of the answer to a request of this first line and host. */
  private String ask(String request, String host) throws IOException {
    try (Socket socket = open()) {
      send(socket, request + " HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n");
      socket.shutdownOutput();
      byte[] answer = socket.getInputStream().readAllBytes();
      return new String(answer, StandardCharsets.UTF_8).lines().findFirst().orElse("");
    }
  }

  private String ask(String request) throws IOException {
    return ask(request, "Host: " + endpoint + "\r\n");
  }

  private Socket open() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), endpoint.port());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void itTellsTheStatusAndTheHealth() throws IOException {
    JsonObject status = new StatusClient(endpoint).status(Duration.ofSeconds(10));
    assertThat(status.text("state")).isEqualTo("ok");
    assertThat(ask("GET /healthz")).contains("200");
    told.healthy = false;
    assertThat(ask("GET /healthz")).contains("503");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/drain",
        "/hash",
        "/hash?index=1",
        "/",
        "/status/x",
        "/healthz/",
        "/drain/status"
      })
  void thereIsNothingElse(String path) throws IOException {
    for (String method : List.of("GET", "POST", "PUT", "DELETE")) {
      assertThat(ask(method + " " + path)).as("%s %s", method, path).contains("404");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "ODD"})
  void itIsOnlyRead(String method) throws IOException {
    assertThat(ask(method + " /status")).contains("405");
    assertThat(ask(method + " /healthz")).contains("405");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LocalHost.:7443",
        "127.0.0.1",
        "127.1.2.3:99",
        "[::1]",
        "[::1]:7443"
      })
  void itGoesByALoopbackName(String host) throws IOException {
    assertThat(ask("GET /status", "Host: " + host + "\r\n")).contains("200");
  }

  /** As a page does whose own name was made to mean 127.0.0.1. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "example.org",
        "example.org:7443",
        "127.0.0.1.example.org",
        "localhost.example.org:7443",
        "localhost@example.org",
        "[::1].example.org",
        "1270.0.0.1"
      })
  void itGoesByNoOtherName(String host) throws IOException {
    for (String path : List.of("/status", "/healthz", "/other")) {
      assertThat(ask("GET " + path, "Host: " + host + "\r\n")).contains("403");
    }
    assertThat(ask("GET /status", "Host: localhost\r\nHost: example.org\r\n")).contains("403");
  }

  @Test
  void aFailureIsAnAnswer() throws IOException {
    told.broken = true;
    assertThat(ask("GET /status")).contains("503");
    told.broken = false;
    assertThat(ask("GET /status")).contains("200");
  }

  @Test
  void aProgramNeedNotSayAHost() throws IOException {
    assertThat(ask("GET /status", "")).contains("200");
  }

  @Test
  void whoNeverFinishesItsRequestIsCutOff() throws IOException {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        Socket socket = open();
        slow.add(socket);
        send(socket, "GET /status HTTP/1.1\r\nHost: local");
      }
      for (Socket socket : slow) {
        assertThat(isCutOff(socket)).isTrue();
      }
      assertThat(ask("GET /status")).contains("200");
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  private static boolean isCutOff(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException e) {
      return true; // a reset
    }
  }
}
