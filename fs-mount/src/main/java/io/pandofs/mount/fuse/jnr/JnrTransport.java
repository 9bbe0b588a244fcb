package io.pandofs.mount.fuse.jnr;

import io.pandofs.mount.fuse.KernelMount;
import io.pandofs.mount.fuse.LibC;
import io.pandofs.mount.fuse.Mount;
import io.pandofs.mount.fuse.MountException;
import io.pandofs.mount.fuse.MountException.Reason;
import io.pandofs.mount.fuse.MountOptions;
import io.pandofs.mount.fuse.MountPointCheck;
import io.pandofs.mount.fuse.Transport;
import io.pandofs.mount.vfs.Vfs;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Mounts through jnr-fuse and libfuse 2.9. */
public final class JnrTransport implements Transport {

  private static final int HANDSHAKE_SECONDS = 20;

  /**
   * Every look goes to the Vfs (timeouts 0), so what another mount did is seen at once. Pages are
   * dropped at every open: neither kernel_cache nor auto_cache, which compares times that a fast
   * writer can leave equal.
   */
  private static final String OPTIONS =
      "default_permissions,use_ino,big_writes,max_write=131072,max_read=131072,"
          + "attr_timeout=0,ac_attr_timeout=0,entry_timeout=0,negative_timeout=0,subtype=pando";

  @Override
  public Mount mount(Vfs vfs, MountOptions options) throws MountException {
    if (!Charset.defaultCharset().equals(StandardCharsets.UTF_8)) {
      throw new MountException(
          Reason.UNSUITABLE,
          "File names need Java's default charset to be UTF-8: start it with -Dfile.encoding=UTF-8.");
    }
    Path place = MountPointCheck.prepare(options.mountPoint());
    CompletableFuture<Void> initialised = new CompletableFuture<>();
    CompletableFuture<Void> ended = new CompletableFuture<>();
    JnrFilesystem filesystem = load(vfs, options.state(), () -> initialised.complete(null));
    List<String> arguments = arguments(options, place);
    Thread loop =
        new Thread(
            () -> {
              int code = filesystem.serve(arguments);
              initialised.completeExceptionally(
                  new MountException(
                      Reason.REFUSED,
                      "libfuse could not mount at " + place + " (exit code " + code + ")."));
              ended.complete(null);
            },
            "fuse " + place);
    loop.setDaemon(true);
    loop.start();
    await(initialised, place);
    return new KernelMount(place, options.busyWait(), ended);
  }

  private static JnrFilesystem load(Vfs vfs, Supplier<String> state, Runnable onInit)
      throws MountException {
    try {
      return new JnrFilesystem(vfs, state, onInit);
    } catch (UnsatisfiedLinkError e) {
      throw new MountException(
          Reason.NO_LIBRARY, "The library libfuse.so.2 is missing: install libfuse2 (or fuse).", e);
    }
  }

  private static List<String> arguments(MountOptions options, Path place) {
    List<String> arguments = new ArrayList<>(List.of("pando", "-f", place.toString(), "-o"));
    // Devices and setuid programs work as on a local disk, where the mounting user may have that.
    boolean root = LibC.load().geteuid() == 0;
    arguments.add(
        OPTIONS
            + ",fsname="
            + options.source()
            + (options.allowOther() ? ",allow_other" : "")
            + (root ? ",suid,dev" : "")
            + options.flags().helperWords());
    return arguments;
  }

  private static void await(CompletableFuture<Void> initialised, Path place) throws MountException {
    try {
      initialised.get(HANDSHAKE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof MountException refused) {
        throw refused;
      }
      throw new MountException(Reason.REFUSED, "Cannot mount at " + place + ".", e);
    } catch (TimeoutException e) {
      throw new MountException(
          Reason.REFUSED, "The kernel does not answer the mount at " + place + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MountException(Reason.REFUSED, "Interrupted while mounting at " + place + ".", e);
    }
  }
}
