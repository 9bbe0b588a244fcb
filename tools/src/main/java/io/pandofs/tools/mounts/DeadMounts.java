package io.pandofs.tools.mounts;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Removes what a killed node left mounted. Only for mount points whose daemon does not run. */
public final class DeadMounts {
  private static final List<List<String>> WAYS =
      List.of(List.of("fusermount", "-uz"), List.of("fusermount3", "-uz"), List.of("umount", "-l"));

  private DeadMounts() {}

  /** Unmounts the point if something is mounted there; false when that did not work. */
  public static boolean clean(Path point) throws IOException, InterruptedException {
    for (List<String> way : WAYS) {
      if (!MountTable.read().isMounted(point)) {
        return true;
      }
      run(way, point);
    }
    return !MountTable.read().isMounted(point);
  }

  private static void run(List<String> way, Path point) throws InterruptedException {
    List<String> command = new java.util.ArrayList<>(way);
    command.add(point.toString());
    try {
      new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      // This program is not on the machine: the next way is tried, and clean() looks at the result.
      assert e.getMessage() != null;
    }
  }
}
