package io.pandofs.mount.vfs;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Says which errno a call must fail with. */
final class Failures {

  private Failures() {}

  static void assertFails(Errno errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ErrnoException.class,
            e -> org.assertj.core.api.Assertions.assertThat(e.errno()).isEqualTo(errno));
  }
}
