package io.pandofs.mount.fuse.direct;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.common.Waits;
import io.pandofs.mount.fuse.direct.Protocol.Interrupt;
import io.pandofs.mount.vfs.LockOperations.Asked;
import java.io.IOException;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that reads a request, serves it, answers, and goes on. */
final class Worker implements Runnable, Calls {

  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

  /** A header page beside the data; the kernel refuses to be read from with less. */
  private static final int REQUEST_BYTES = Handshake.BYTES_MAX + 4096;

  private static final int REPLY_BYTES = Handshake.BYTES_MAX + 4096;

  /** What one takes at most. */
  static final long BYTES_MAX = REQUEST_BYTES + REPLY_BYTES;

  /** No thread's number. */
  static final int UNKNOWN = -1;

  private final Workers workers;
  private final Dispatcher dispatcher;
  private final Device device;
  private final Thread thread;
  private final NativeBytes input;
  private final NativeBytes output;

  /** The request under way, 0 for none. */
  @GuardedBy("this")
  private long unique;

  @GuardedBy("this")
  private int caller;

  @GuardedBy("this")
  private boolean interrupted;

  @GuardedBy("this")
  private boolean givenUp;

  /**
   * Takes the memory that it works with.
   *
   * @throws OutOfMemoryError if it is not to be had; nothing is kept then
   */
  Worker(Workers workers, Dispatcher dispatcher, Device device, String name) {
    this.workers = workers;
    this.dispatcher = dispatcher;
    this.device = device;
    this.thread = new Thread(this, name);
    this.thread.setDaemon(true);
    this.input = new NativeBytes(REQUEST_BYTES);
    try {
      this.output = new NativeBytes(REPLY_BYTES);
    } catch (OutOfMemoryError e) {
      input.close();
      throw e;
    }
  }

  Device device() {
    return device;
  }

  /**
   * Begins to serve.
   *
   * @throws OutOfMemoryError if there is no thread for it; its memory is free again then
   */
  void start() {
    try {
      thread.start();
    } catch (OutOfMemoryError e) {
      free();
      throw e;
    }
  }

  private void free() {
    input.close();
    output.close();
  }

  @Override
  public void run() {
    try {
      serve();
    } catch (Throwable e) {
      workers.fail(e);
    } finally {
      free();
      workers.ended(this);
    }
  }

  private void serve() throws IOException {
    Request in = new Request(input.buffer());
    Reply out = new Reply(output.buffer());
    do {
      OptionalInt length = device.read(input, REQUEST_BYTES);
      if (length.isEmpty()) {
        workers.end();
        return;
      }
      workers.taken();
      try {
        in.wrap(length.getAsInt());
      } catch (MalformedRequestException e) {
        LOG.error("this cannot be answered", e);
        continue;
      }
      serve(in, out);
    } while (workers.readsOn());
  }

  private void serve(Request in, Reply out) throws IOException {
    begin(in.unique(), in.thread());
    KernelAttributes kernel = dispatcher.kernel();
    long begun = kernel.begun();
    int outcome;
    try {
      workers.begun(this, in.unique(), in.thread());
      outcome = dispatcher.serve(in, out, this);
    } finally {
      end();
    }
    if (outcome == Dispatcher.UNANSWERED) {
      return;
    }
    try {
      int length = out.finish(in.unique(), outcome);
      if (outcome == 0) {
        kernel.answer(out, begun, () -> device.write(output, length));
      } else {
        device.write(output, length);
      }
    } catch (IOException e) {
      LOG.error("the kernel does not take an answer to opcode {}", in.opcode(), e);
      device.write(output, out.finish(in.unique(), -Errno.EIO.number()));
    }
  }

  @Override
  public boolean interrupt(Request in) {
    return workers.interrupt(in.int64(Interrupt.UNIQUE));
  }

  @Override
  public void later(Request in, Asked asked) {
    workers.later(device, in.unique(), asked);
    // Either this sees the signal, or who brings it finds the request among those of later.
    if (wasInterrupted()) {
      asked.giveUp();
    }
  }

  private synchronized boolean wasInterrupted() {
    return interrupted;
  }

  private synchronized void begin(long request, int thread) {
    unique = request;
    caller = thread;
    interrupted = false;
  }

  /**
   * A signal came for a request.
   *
   * @return the thread that it comes from; {@link #UNKNOWN} if it is not under way here
   */
  synchronized int interrupted(long request) {
    if (unique != request) {
      return UNKNOWN;
    }
    interrupted = true;
    return caller;
  }

  private synchronized void end() {
    unique = 0;
    if (givenUp) {
      givenUp = false;
      Waits.finished(thread);
    }
  }

  /** Ends the wait of a request, if it is still under way here. */
  synchronized void giveUp(long request) {
    if (unique == request) {
      givenUp = true;
      Waits.giveUp(thread);
    }
  }
}
