package io.pandofs.mount.fuse.direct;

import io.pandofs.mount.fuse.KernelMount;
import io.pandofs.mount.fuse.LibC;
import io.pandofs.mount.fuse.Mount;
import io.pandofs.mount.fuse.MountException;
import io.pandofs.mount.fuse.MountException.Reason;
import io.pandofs.mount.fuse.MountOptions;
import io.pandofs.mount.fuse.MountPointCheck;
import io.pandofs.mount.fuse.MountTable;
import io.pandofs.mount.fuse.Transport;
import io.pandofs.mount.vfs.Vfs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks the kernel's protocol on /dev/fuse. Root mounts by mount(2), others with the help of
 * fusermount3.
 */
public final class DirectTransport implements Transport {

  private static final Logger LOG = LoggerFactory.getLogger(DirectTransport.class);

  private static final int HANDSHAKE_SECONDS = 20;

  /** What requests and answers take at most, all being served at a time. */
  public static final long REQUEST_BYTES_MAX = Workers.WORKERS_MAX * Worker.BYTES_MAX;

  private final boolean helped;

  /** Mounts as who runs this can. */
  public DirectTransport() {
    this(LibC.load().geteuid() != 0);
  }

  /**
   * Mounts in one of the two ways.
   *
   * @param helped whether fusermount3 mounts, which root can use as well
   */
  public DirectTransport(boolean helped) {
    this.helped = helped;
  }

  @Override
  public Mount mount(Vfs vfs, MountOptions options) throws MountException {
    Path place = MountPointCheck.prepare(options.mountPoint());
    DeviceLibrary library = DeviceLibrary.load();
    CompletableFuture<Void> initialised = new CompletableFuture<>();
    Dispatcher dispatcher = new Dispatcher(vfs, options.state(), initialised);
    Device device = open(library, options, place);
    Workers workers = new Workers(dispatcher, device, "fuse");
    dispatcher.kernel().begin(new Notifier(device));
    CompletableFuture<Void> unusedOver = workers.ended().thenRun(dispatcher.kernel()::end);
    KernelMount mount = new KernelMount(place, options.busyWait(), workers.ended());
    CompletableFuture<Void> unused =
        workers
            .failed()
            .thenAccept(
                failure -> {
                  initialised.completeExceptionally(failure);
                  mount.abort();
                });
    CompletableFuture<Void> unusedEnd =
        workers
            .ended()
            .thenRun(
                () ->
                    initialised.completeExceptionally(
                        new IOException("the kernel has ended the mount at once")));
    try {
      workers.start();
      initialised.get(HANDSHAKE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      mount.close();
      throw new MountException(
          Reason.REFUSED, "Cannot mount at " + place + ": " + reason(e) + ".", e);
    } catch (OutOfMemoryError e) {
      device.close(); // with nobody to read, nobody else does
      mount.close();
      throw new MountException(
          Reason.REFUSED, "Cannot mount at " + place + ": there is not enough memory.", e);
    } catch (InterruptedException e) {
      mount.close();
      Thread.currentThread().interrupt();
      throw new MountException(Reason.REFUSED, "Interrupted while mounting at " + place + ".", e);
    }
    allowLargeReads(place);
    return mount;
  }

  /** Why there was no handshake, in a user's words. */
  static String reason(Exception e) {
    if (e instanceof TimeoutException) {
      return "the kernel did not answer within " + HANDSHAKE_SECONDS + " s";
    }
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }

  private Device open(DeviceLibrary library, MountOptions options, Path place)
      throws MountException {
    try {
      return helped ? Device.of(library, helper(options, place)) : mounted(library, options, place);
    } catch (IOException e) {
      throw new MountException(
          Reason.REFUSED, "Cannot mount at " + place + ": " + e.getMessage() + ".", e);
    }
  }

  /** By mount(2). Devices and setuid programs work as on a local disk. */
  private static Device mounted(DeviceLibrary library, MountOptions options, Path place)
      throws IOException {
    Device device = Device.open(library);
    String data =
        "fd=" + device.descriptor() + ",rootmode=40000,user_id=0,group_id=0," + common(options);
    long flags = options.flags().bits();
    if (LibC.load().mount(options.source(), place.toString(), FILESYSTEM_TYPE, flags, data) != 0) {
      int errno = LibC.errno();
      device.close();
      throw new IOException("the kernel answers with errno " + errno);
    }
    return device;
  }

  private static int helper(MountOptions options, Path place) throws IOException {
    String words =
        common(options)
            + ",subtype=pando,fsname="
            + options.source()
            + options.flags().helperWords();
    return new MountHelper(HelperLibrary.load()).mount(place, words);
  }

  private static String common(MountOptions options) {
    return "default_permissions,max_read="
        + Handshake.BYTES_MAX
        + (options.allowOther() ? ",allow_other" : "");
  }

  /** The kernel reads ahead by 128 KiB at first, and so reads no more at once. */
  private static void allowLargeReads(Path place) {
    try {
      Optional<MountTable.Row> row = MountTable.at(place);
      if (row.isPresent()) {
        Files.write(
            Path.of("/sys/class/bdi/0:" + row.get().minor() + "/read_ahead_kb"),
            Integer.toString(Handshake.BYTES_MAX >> 10).getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException e) {
      LOG.info("reads of {} stay small: {}", place, e.toString());
    }
  }
}
