package io.pandofs.mount.fuse.direct;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.pandofs.common.Errno;
import io.pandofs.mount.vfs.Vfs;
import java.io.IOException;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that reads a request, serves it, answers, and goes on. */
final class Worker implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

  /** A header page beside the data; the kernel refuses to be read from with less. */
  private static final int REQUEST_BYTES = Handshake.BYTES_MAX + 4096;

  private static final int REPLY_BYTES = Handshake.BYTES_MAX + 4096;

  /** No thread's number. */
  static final int UNKNOWN = -1;

  private final Workers workers;
  private final Dispatcher dispatcher;
  private final Vfs vfs;
  private final Device device;
  private final Thread thread;

  /** The request under way, 0 for none. */
  @GuardedBy("this")
  private long unique;

  @GuardedBy("this")
  private int caller;

  @GuardedBy("this")
  private boolean givenUp;

  Worker(Workers workers, Dispatcher dispatcher, Vfs vfs, Device device, String name) {
    this.workers = workers;
    this.dispatcher = dispatcher;
    this.vfs = vfs;
    this.device = device;
    this.thread = new Thread(this, name);
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  @Override
  public void run() {
    try (NativeBytes input = new NativeBytes(REQUEST_BYTES);
        NativeBytes output = new NativeBytes(REPLY_BYTES)) {
      serve(input, output);
    } catch (IOException e) {
      LOG.error("the mount's connection to the kernel fails", e);
    } finally {
      workers.ended(device);
    }
  }

  private void serve(NativeBytes input, NativeBytes output) throws IOException {
    Request in = new Request(input.buffer());
    Reply out = new Reply(output.buffer());
    do {
      OptionalInt length = device.read(input, REQUEST_BYTES);
      if (length.isEmpty()) {
        return;
      }
      workers.taken();
      try {
        in.wrap(length.getAsInt());
      } catch (MalformedRequestException e) {
        LOG.error("this cannot be answered", e);
        continue;
      }
      serve(in, out, output);
    } while (workers.readsOn());
  }

  private void serve(Request in, Reply out, NativeBytes output) throws IOException {
    begin(in.unique(), in.thread());
    int outcome;
    try {
      outcome = dispatcher.serve(in, out, workers);
    } finally {
      end();
    }
    if (outcome == Dispatcher.UNANSWERED) {
      return;
    }
    try {
      device.write(output, out.finish(in.unique(), outcome));
    } catch (IOException e) {
      LOG.error("the kernel does not take an answer to opcode {}", in.opcode(), e);
      device.write(output, out.finish(in.unique(), -Errno.EIO.number()));
    }
  }

  private synchronized void begin(long request, int thread) {
    unique = request;
    caller = thread;
  }

  /** The thread that a request under way here comes from; {@link #UNKNOWN} if it is not here. */
  synchronized int callerOf(long request) {
    return unique == request ? caller : UNKNOWN;
  }

  private synchronized void end() {
    unique = 0;
    if (givenUp) {
      givenUp = false;
      vfs.finished(thread);
    }
  }

  /** Ends the wait of a request, if it is still under way here. */
  synchronized void giveUp(long request) {
    if (unique == request) {
      givenUp = true;
      vfs.giveUp(thread);
    }
  }
}
