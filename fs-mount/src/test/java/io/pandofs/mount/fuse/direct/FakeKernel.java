package io.pandofs.mount.fuse.direct;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.ffi.Runtime;

/**
 * The other side of /dev/fuse: gives out requests to whoever reads, and keeps the answers. As the
 * kernel does, it wants a request answered on the descriptor it was read from, and once.
 * Thread-safe.
 */
final class FakeKernel implements DeviceLibrary {

  private static final int ENOENT = 2;
  private static final int ENODEV = 19;
  private static final int EINVAL = 22;

  private volatile boolean clones = true;
  private volatile boolean knowsNothing;
  private volatile boolean refuses;
  private final Queue<Long> forgotten = new ConcurrentLinkedQueue<>();

  private final BlockingQueue<Optional<byte[]>> requests = new LinkedBlockingQueue<>();
  private final Map<Long, Integer> readOn = new ConcurrentHashMap<>();
  private final Map<Long, Integer> answers = new ConcurrentHashMap<>();
  private final Set<Integer> descriptors = ConcurrentHashMap.newKeySet();
  private final AtomicInteger next = new AtomicInteger(3);
  private final AtomicInteger strays = new AtomicInteger();

  /** The inodes whose attributes it was told to forget. */
  List<Long> forgotten() {
    return List.copyOf(forgotten);
  }

  /** Whether it does not have what it is told of. */
  void knowsNothing(boolean nothing) {
    knowsNothing = nothing;
  }

  /** Whether it takes nothing that it is told. */
  void refuses(boolean all) {
    refuses = all;
  }

  void send(long unique, Bytes request) {
    byte[] raw = request.raw();
    ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder()).putLong(8, unique);
    requests.add(Optional.of(raw));
  }

  /** One read fails with this. */
  void failRead(int errno) {
    requests.add(Optional.of(new byte[] {(byte) errno}));
  }

  /** From now on descriptors cannot be cloned. */
  void refuseClones() {
    clones = false;
  }

  /** The mount ends: whoever reads is told so. */
  void end() {
    requests.add(Optional.empty());
  }

  /** The error of the answer; null while there is none. */
  Integer answer(long unique) {
    return answers.get(unique);
  }

  long answered() {
    return answers.size();
  }

  void forgetAnswers() {
    answers.clear();
  }

  /** Requests that nobody has read. */
  int waiting() {
    return requests.size();
  }

  /** Answers to what was never asked there. */
  int strays() {
    return strays.get();
  }

  Set<Integer> descriptors() {
    return descriptors;
  }

  private static int fail(int errno) {
    Runtime.getSystemRuntime().setLastError(errno);
    return -1;
  }

  @Override
  public int open(String path, int flags) {
    int descriptor = next.getAndIncrement();
    descriptors.add(descriptor);
    return descriptor;
  }

  @Override
  public int close(int descriptor) {
    descriptors.remove(descriptor);
    return 0;
  }

  @Override
  public int ioctl(int descriptor, long request, int[] argument) {
    return clones ? 0 : fail(EINVAL);
  }

  @Override
  public long read(int descriptor, long address, long count) {
    try {
      Optional<byte[]> request = requests.take();
      if (request.isEmpty()) {
        requests.add(request);
        return fail(ENODEV);
      }
      byte[] raw = request.get();
      if (raw.length == 1) {
        return fail(raw[0]);
      }
      MemoryIO.getInstance().putByteArray(address, raw, 0, raw.length);
      readOn.put(MemoryIO.getInstance().getLong(address + 8), descriptor);
      return raw.length;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return fail(ENODEV);
    }
  }

  @Override
  public long write(int descriptor, long address, long count) {
    long unique = MemoryIO.getInstance().getLong(address + 8);
    if (unique == 0) {
      if (refuses) {
        return fail(EINVAL);
      }
      if (knowsNothing) {
        return fail(ENOENT);
      }
      forgotten.add(MemoryIO.getInstance().getLong(address + 16));
      return count;
    }
    Integer on = readOn.remove(unique);
    if (on == null || on != descriptor) {
      strays.incrementAndGet();
      return fail(ENOENT);
    }
    answers.put(unique, MemoryIO.getInstance().getInt(address + 4));
    return count;
  }
}
