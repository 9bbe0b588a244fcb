package io.pandofs.common.net;

import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A call on its way. Confined to its connection's event loop, but for the future. */
final class PendingCall {
  final int method;
  private @Nullable Payload request;
  final Duration deadline;
  final int bytes;
  final CompletableFuture<Payload> result = new CompletableFuture<>();

  /** Zero until it is sent. */
  long requestId;

  @Nullable ScheduledFuture<?> alarm;

  /** How often its connection had received something when it was sent. */
  long receivedWhenSent;

  PendingCall(int method, Payload request, Duration deadline) {
    this.method = method;
    this.request = request;
    this.deadline = deadline;
    this.bytes = FrameEncoder.sizeOf(request);
  }

  /** The request, given out once: when it is sent its buffers are the caller's again. */
  Payload takeRequest() {
    Payload taken = Objects.requireNonNull(request, "sent before");
    request = null;
    return taken;
  }

  boolean isSent() {
    return requestId != 0;
  }

  void cancelAlarm() {
    if (alarm != null) {
      alarm.cancel(false);
    }
  }
}
