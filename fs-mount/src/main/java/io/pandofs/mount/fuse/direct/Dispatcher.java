package io.pandofs.mount.fuse.direct;

import io.pandofs.common.Errno;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.common.LimitedLog;
import io.pandofs.common.time.SystemClock;
import io.pandofs.mount.fuse.MadeEntries;
import io.pandofs.mount.fuse.MountState;
import io.pandofs.mount.vfs.Vfs;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From opcodes to what they ask for, and the one place where the outcome becomes the kernel's
 * number. Thread-safe; calls block as the Vfs does, FORGET and INTERRUPT never.
 */
final class Dispatcher {

  /** The outcome of a request that the kernel wants no answer to, or is answered later. */
  static final int UNANSWERED = 1;

  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

  private final Nodes nodes;
  private final MadeEntries<InodeId> created = new MadeEntries<>(new SystemClock());

  /** Whoever gets EIO finds the reason in the log. */
  private final LimitedLog faults = new LimitedLog(LOG, new SystemClock());

  private final KernelAttributes kernel;
  private final NameRequests names;
  private final FileRequests files;
  private final DirectoryRequests directories;
  private final XattrRequests xattrs;
  private final LockRequests locks;
  private final CompletableFuture<Void> initialised;

  /**
   * Looks at the volume, which may wait.
   *
   * @param state see {@link io.pandofs.mount.fuse.MountOptions}
   * @param initialised completed when the kernel's offer has been taken, or with why it was not
   */
  Dispatcher(Vfs vfs, Supplier<String> state, CompletableFuture<Void> initialised) {
    this.nodes = new Nodes(vfs.namespace(), new MountState(state, vfs));
    this.names = new NameRequests(vfs.namespace(), nodes, created);
    this.kernel = new KernelAttributes(vfs, nodes.lookups(), new SystemClock());
    this.files = new FileRequests(vfs, nodes, kernel, created);
    this.directories = new DirectoryRequests(vfs.directories(), nodes);
    this.xattrs = new XattrRequests(vfs.xattrs(), nodes);
    this.locks = new LockRequests(vfs.locks());
    this.initialised = initialised;
  }

  /** What the kernel keeps of the answers. */
  KernelAttributes kernel() {
    return kernel;
  }

  /**
   * Serves a request.
   *
   * @return 0 when {@code out} is the answer, a negative errno, or {@link #UNANSWERED}
   */
  int serve(Request in, Reply out, Calls calls) {
    try {
      return perform(in, out, calls);
    } catch (ErrnoException e) {
      LOG.trace("opcode {} of {}: {}", in.opcode(), in.node(), e.errno());
      Errno told = e.errno().told();
      if (told == Errno.EIO) {
        faults.warn("opcode " + in.opcode() + " of inode " + in.node() + ": " + e.getMessage());
      }
      return -told.number();
    } catch (Throwable e) {
      LOG.error("opcode {} of {} failed", in.opcode(), in.node(), e);
      return isUnanswered(in.opcode()) ? UNANSWERED : -Errno.EIO.number();
    }
  }

  /**
   * As {@link #serve}, but failures are thrown.
   *
   * @throws MalformedRequestException for what the protocol does not allow
   */
  int perform(Request in, Reply out, Calls calls) throws ErrnoException {
    out.clear();
    int opcode = in.opcode();
    switch (opcode) {
      case Protocol.FORGET -> nodes.forget(in);
      case Protocol.BATCH_FORGET -> nodes.forgetMany(in);
      case Protocol.INTERRUPT -> {
        if (!calls.interrupt(in)) {
          // The kernel says it again, if the request is not answered meanwhile.
          throw new ErrnoException(Errno.EAGAIN);
        }
      }
      case Protocol.SETLKW -> {
        return locks.setOrWait(in, calls) ? 0 : UNANSWERED;
      }
      case Protocol.INIT -> initialise(in, out);
      case Protocol.DESTROY -> {
        // Nothing is kept that the end of the mount does not end.
      }
      default -> {
        if (!named(opcode, in, out) && !opened(opcode, in, out)) {
          // The kernel does without it from then on, or has a way of its own.
          throw new ErrnoException(Errno.ENOSYS);
        }
      }
    }
    return isUnanswered(opcode) ? UNANSWERED : 0;
  }

  private void initialise(Request in, Reply out) {
    try {
      Handshake agreed = Handshake.of(in);
      xattrs.haveAcls(agreed.acls());
      kernel.forgets(agreed.forgetsAttributes());
      agreed.answer(out);
    } catch (MalformedRequestException e) {
      initialised.completeExceptionally(e);
      throw e;
    }
    initialised.complete(null);
  }

  private static boolean isUnanswered(int opcode) {
    return opcode == Protocol.FORGET
        || opcode == Protocol.BATCH_FORGET
        || opcode == Protocol.INTERRUPT;
  }

  /** Requests by node; whether it was one. */
  private boolean named(int opcode, Request in, Reply out) throws ErrnoException {
    switch (opcode) {
      case Protocol.LOOKUP -> names.lookup(in, out);
      case Protocol.GETATTR -> names.getAttributes(in, out);
      case Protocol.STATX -> names.statx(in, out);
      case Protocol.SETATTR -> names.setAttributes(in, out);
      case Protocol.READLINK -> names.readLink(in, out);
      case Protocol.SYMLINK -> names.symlink(in, out);
      case Protocol.MKNOD -> names.makeNode(in, out);
      case Protocol.MKDIR -> names.makeDirectory(in, out);
      case Protocol.UNLINK -> names.unlink(in);
      case Protocol.RMDIR -> names.removeDirectory(in);
      case Protocol.RENAME -> names.rename(in);
      case Protocol.RENAME2 -> names.rename2(in);
      case Protocol.LINK -> names.link(in, out);
      case Protocol.STATFS -> names.statfs(out);
      case Protocol.GETXATTR -> xattrs.get(in, out);
      case Protocol.LISTXATTR -> xattrs.list(in, out);
      case Protocol.SETXATTR -> xattrs.set(in);
      case Protocol.REMOVEXATTR -> xattrs.remove(in);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Requests by handle, and those that make one; whether it was one. */
  private boolean opened(int opcode, Request in, Reply out) throws ErrnoException {
    switch (opcode) {
      case Protocol.OPEN -> files.open(in, out);
      case Protocol.CREATE -> files.create(in, out);
      case Protocol.TMPFILE -> files.createUnnamed(in, out);
      case Protocol.READ -> files.read(in, out);
      case Protocol.WRITE -> files.write(in, out);
      case Protocol.FLUSH -> files.flush(in);
      case Protocol.FSYNC -> files.fsync(in);
      case Protocol.RELEASE -> files.release(in);
      case Protocol.FALLOCATE -> files.allocate(in);
      case Protocol.LSEEK -> files.seek(in, out);
      case Protocol.COPY_FILE_RANGE -> files.copy(in, out);
      case Protocol.GETLK -> locks.get(in, out);
      case Protocol.SETLK -> locks.set(in);
      case Protocol.OPENDIR -> directories.open(in, out);
      case Protocol.READDIR -> directories.read(in, out);
      case Protocol.READDIRPLUS -> directories.readPlus(in, out);
      case Protocol.FSYNCDIR -> directories.fsync(in);
      case Protocol.RELEASEDIR -> directories.release(in);
      default -> {
        return false;
      }
    }
    return true;
  }
}
