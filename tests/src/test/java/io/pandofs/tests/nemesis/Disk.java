package io.pandofs.tests.nemesis;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A small ext4 of one node, in a file behind a loop device, that can be full or lose its power. */
final class Disk {
  private static final String SIZE = "1200M";

  /**
   * EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: what was not synced never reaches the disk.
   */
  private static final String POWER_OFF =
      """
      import fcntl,os,struct,sys
      fds=[os.open(d,os.O_RDONLY) for d in sys.argv[1:]]
      print(*[fcntl.ioctl(fd,0x8004587D,struct.pack('I',2)) and 0 for fd in fds])
      """;

  private final Path image;
  private final Path directory;

  private Disk(Path image, Path directory) {
    this.image = image;
    this.directory = directory;
  }

  /** Makes the disk and mounts it at {@code directory}, which is made. */
  static Disk make(Path image, Path directory) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    Shell.ok("truncate -s " + SIZE + " \"$1\"; mkfs.ext4 -q -F -m 0 \"$1\"", image);
    Disk disk = new Disk(image, directory);
    disk.mount();
    return disk;
  }

  void mount() throws IOException, InterruptedException {
    Shell.ok("mount -o loop \"$1\" \"$2\"", image, directory);
  }

  void unmount() throws IOException, InterruptedException {
    Shell.ok(
        "for i in $(seq 100); do umount \"$1\" 2>/dev/null && exit 0; sleep 0.1; done; umount \"$1\"",
        directory);
  }

  /** Takes all space that is left; the answer of the write that found none. */
  String fill() throws IOException, InterruptedException {
    return Shell.run(
            "for i in 1 2 3; do"
                + " free=$(( $(stat -f -c %a \"$1\") * $(stat -f -c %S \"$1\") ));"
                + " [ $free -gt 0 ] && fallocate -l $free \"$1/ballast$i\" 2>/dev/null; done;"
                + " head -c 1048576 /dev/zero 2>&1 >\"$1/ballast-last\" 2>&1 || true;"
                + " LC_ALL=C dd if=/dev/zero of=\"$1/ballast-last\" bs=1M count=1 2>&1"
                + " | grep -o 'No space left on device' || true",
            directory)
        .out()
        .strip();
  }

  void free() throws IOException, InterruptedException {
    Shell.ok("rm -f \"$1\"/ballast*", directory);
  }

  /** Cuts the power of all these disks at once; the ioctl's answers, 0 being done. */
  static String powerOff(List<Disk> disks) throws IOException, InterruptedException {
    List<Object> arguments = new ArrayList<>(List.of(POWER_OFF));
    disks.forEach(disk -> arguments.add(disk.directory));
    return Shell.ok("python3 -c \"$@\"", arguments.toArray()).strip();
  }
}
