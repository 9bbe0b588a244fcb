package io.pandofs.block.replication;

import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** What futures fail with, without their wrapping. */
final class Failures {
  private Failures() {}

  static Throwable unwrap(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  static String describe(@Nullable Throwable failure) {
    if (failure == null) {
      return "no answer yet";
    }
    Throwable cause = unwrap(failure);
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }
}
