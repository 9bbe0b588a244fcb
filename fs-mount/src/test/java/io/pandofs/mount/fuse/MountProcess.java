package io.pandofs.mount.fuse;

import io.pandofs.common.config.MountFlags;
import io.pandofs.common.time.SystemClock;
import io.pandofs.meta.testing.LocalTree;
import io.pandofs.mount.fuse.direct.DirectTransport;
import io.pandofs.mount.fuse.jnr.JnrTransport;
import io.pandofs.mount.vfs.Capacity;
import io.pandofs.mount.vfs.MemoryBlocks;
import io.pandofs.mount.vfs.Vfs;
import io.pandofs.mount.vfs.VfsOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Serves a volume in memory at a directory until its standard input ends, in a process of its own:
 * a JVM that uses a mount that it serves itself can deadlock. Says "mounted" or "refused REASON" on
 * standard output.
 */
public final class MountProcess {

  private static final long TOTAL_BYTES = 1L << 40;

  private MountProcess() {}

  private static Transport transport(String name) {
    return switch (name) {
      case "jnr" -> new JnrTransport();
      case "direct" -> new DirectTransport();
      case "helped" -> new DirectTransport(true);
      default -> throw new IllegalArgumentException(name);
    };
  }

  /**
   * Mounts and serves.
   *
   * @param args the transport's name, perhaps with a colon and mount(8)'s words behind it; the
   *     mount point; and perhaps another mount point of the same tree, upon which what is written
   *     is not committed before the end
   */
  public static void main(String[] args) throws Exception {
    LocalTree tree = new LocalTree();
    MemoryBlocks blocks = new MemoryBlocks(tree);
    ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    List<Served> served = new ArrayList<>();
    try {
      for (String place : List.of(args).subList(1, args.length)) {
        served.add(serve(tree, blocks, scheduler, args[0], Path.of(place)));
      }
      if (served.size() > 1) {
        blocks.hold();
      }
      System.out.println("mounted " + args[1]);
      while (System.in.read() >= 0) {
        // Nothing is said on it: it only ends.
      }
    } catch (MountException e) {
      System.out.println("refused " + e.reason() + " " + e.getMessage());
    } finally {
      blocks.letGo();
      served.forEach(Served::close);
      scheduler.shutdown();
    }
  }

  private record Served(Vfs vfs, Mount mount) {
    void close() {
      mount.close();
      vfs.close();
    }
  }

  private static Served serve(
      LocalTree tree,
      MemoryBlocks blocks,
      ScheduledExecutorService scheduler,
      String transport,
      Path place)
      throws Exception {
    String[] parts = transport.split(":", 2);
    MountFlags flags = MountFlags.of(parts.length > 1 ? parts[1] : "");
    Vfs vfs =
        new Vfs(
            VfsOptions.DEFAULT,
            new SystemClock(),
            () -> Rival.beside(tree),
            blocks,
            () -> new Capacity.Space(TOTAL_BYTES, TOTAL_BYTES / 2),
            scheduler);
    try {
      MountOptions options = MountOptions.at(place).withFlags(flags);
      return new Served(vfs, transport(parts[0]).mount(vfs, options));
    } catch (MountException e) {
      vfs.close();
      throw e;
    }
  }
}
