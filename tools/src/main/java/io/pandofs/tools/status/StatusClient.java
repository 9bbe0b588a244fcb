package io.pandofs.tools.status;

import io.pandofs.common.config.HostPort;
import io.pandofs.tools.json.JsonObject;
import io.pandofs.tools.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Asks the status endpoint of a node. Calls block for at most the given patience. */
public final class StatusClient {
  private static final int BYTES_MAX = 4 << 20;
  private static final int OK = 200;

  private final HostPort endpoint;

  public StatusClient(HostPort endpoint) {
    this.endpoint = endpoint;
  }

  /** The status document. */
  public JsonObject status(Duration patience) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create("http://" + endpoint + "/status").toURL().openConnection();
    connection.setConnectTimeout((int) patience.toMillis());
    connection.setReadTimeout((int) patience.toMillis());
    try {
      int code = connection.getResponseCode();
      try (InputStream body =
          code == OK ? connection.getInputStream() : connection.getErrorStream()) {
        byte[] bytes = body == null ? new byte[0] : body.readNBytes(BYTES_MAX);
        JsonObject answer = JsonReader.readObject(new String(bytes, StandardCharsets.UTF_8));
        if (code != OK) {
          throw new IOException(endpoint + " answered " + code + ": " + answer.text("error"));
        }
        return answer;
      }
    } catch (IllegalArgumentException e) {
      throw new IOException(endpoint + " is not the status endpoint of a Pando node", e);
    } finally {
      connection.disconnect();
    }
  }
}
