package io.pandofs.mount.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** System calls and ordinary programs on a mount, whatever its transport. */
@Tag("fuse")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
abstract class MountedFiles {

  private final String transport;

  @SuppressWarnings("NullAway.Init")
  private MountedVolume volume;

  /**
   * @param transport as {@link MountProcess} knows it
   */
  MountedFiles(String transport) {
    this.transport = transport;
  }

  @BeforeAll
  final void mount(@TempDir Path scratch) throws Exception {
    Path place = Files.createDirectory(scratch.toRealPath().resolve("mnt"));
    volume = MountedVolume.start(transport, place, scratch.resolve("log"));
    assertThat(volume.greeting()).startsWith("mounted");
  }

  @AfterAll
  final void unmount() throws Exception {
    volume.close();
  }

  final Path path(String name) {
    return volume.root().resolve(name);
  }

  /** Runs a program in the mount; its output. It must succeed. */
  final String run(String... command) throws Exception {
    return volume.run(command);
  }

  @Test
  void whatWasMadeIsMadeThoughARivalReplacesItAtOnce() throws Exception {
    String name = Rival.PREFIX + "d";
    run("mkdir", name);
    assertThat(run("stat", "-c", "%F", name)).isEqualTo("symbolic link\n");
    name = Rival.PREFIX + "p";
    run("mkfifo", name);
    assertThat(run("stat", "-c", "%F", name)).isEqualTo("directory\n");
    name = Rival.PREFIX + "s";
    run("ln", "-s", "there", name);
    assertThat(run("stat", "-c", "%F", name)).isEqualTo("directory\n");
    run("mkfifo", "linked");
    run("ln", "linked", Rival.PREFIX + "l");
    assertThat(Files.exists(path(Rival.PREFIX + "l"))).isFalse();
    name = Rival.PREFIX + "c";
    // Nobody can have a file that is leased, so this rival outlives the maker's session. ESTALE
    // would make the kernel call once more, and the program would be told EEXIST.
    String create =
        """
        import os, sys
        try: os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_EXCL)
        except OSError as e: print(os.strerror(e.errno))
        """;
    assertThat(run("python3", "-c", create, name)).isEqualTo("Input/output error\n");
    assertThat(run("stat", "-c", "%F", name)).isEqualTo("directory\n");
    name = Rival.LATE_PREFIX + "c";
    assertThat(run("python3", "-c", create, name)).isEmpty();
    assertThat(run("stat", "-c", "%F", name)).isEqualTo("directory\n");
  }

  @Test
  void filesAndNames() throws Exception {
    Path file = Files.writeString(path("a-ü-文"), "hello");
    assertThat(Files.readString(file)).isEqualTo("hello");
    assertThatThrownBy(() -> Files.createFile(file)).isInstanceOf(FileAlreadyExistsException.class);
    Path directory = Files.createDirectory(path("names"));
    Path moved = Files.move(file, directory.resolve("b"));
    assertThatThrownBy(() -> Files.size(file)).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Files.delete(directory))
        .isInstanceOf(DirectoryNotEmptyException.class);
    Files.createLink(directory.resolve("c"), moved);
    assertThat(Files.getAttribute(moved, "unix:nlink")).isEqualTo(2);
    assertThat(Files.getAttribute(moved, "unix:ino"))
        .isEqualTo(Files.getAttribute(directory.resolve("c"), "unix:ino"));
    Files.createSymbolicLink(directory.resolve("s"), Path.of("b"));
    assertThat(Files.readString(directory.resolve("s"))).isEqualTo("hello");
    Files.writeString(directory.resolve("d"), "new");
    Files.move(directory.resolve("d"), moved, StandardCopyOption.REPLACE_EXISTING);
    assertThat(Files.readString(moved)).isEqualTo("new");
    assertThat(Files.readString(directory.resolve("c"))).isEqualTo("hello");
  }

  @Test
  void attributes() throws Exception {
    Path file = Files.writeString(path("attributes"), "x");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x--x"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rwxr-x--x");
    FileTime time = FileTime.from(1_234_567_890_123_456L, TimeUnit.MICROSECONDS);
    Files.setLastModifiedTime(file, time);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(time);
    volume.run("touch", "-a", "-d", "@99", "attributes");
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(time);
    assertThat(volume.run("stat", "-c", "%X", "attributes").strip()).isEqualTo("99");
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
    view.write("key", ByteBuffer.wrap("value".getBytes(UTF_8)));
    assertThat(view.list()).containsExactly("key");
    assertThat(view.size("key")).isEqualTo(5);
    view.delete("key");
    assertThat(view.list()).isEmpty();
    assertThat(volume.run("sh", "-c", "umask 027; mkdir masked; stat -c %a masked").strip())
        .isEqualTo("750");
  }

  @Test
  void dataWithHolesAppendsAndCuts() throws Exception {
    Path file = path("data");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap("end".getBytes(UTF_8)), 5L << 30);
      assertThat(channel.size()).isEqualTo((5L << 30) + 3);
      ByteBuffer read = ByteBuffer.allocate(10);
      channel.read(read, (5L << 30) - 2);
      assertThat(read.array()).startsWith(0, 0, 'e', 'n', 'd');
      channel.truncate(4);
      channel.force(true);
      assertThat(channel.size()).isEqualTo(4);
    }
    Files.writeString(file, "more", StandardOpenOption.APPEND);
    assertThat(Files.readString(file)).isEqualTo("\0\0\0\0more");
    volume.run("fallocate", "-p", "-o", "4", "-l", "2", "data");
    assertThat(Files.readString(file)).isEqualTo("\0\0\0\0\0\0re");
  }

  @Test
  void aLargeDirectory() throws Exception {
    Path directory = Files.createDirectory(path("large"));
    volume.run("sh", "-c", "cd large && seq 2000 | xargs touch");
    try (Stream<Path> entries = Files.list(directory)) {
      Set<Path> seen = new HashSet<>();
      entries.forEach(e -> assertThat(seen.add(e)).isTrue());
      assertThat(seen).hasSize(2000);
    }
    assertThat(volume.run("sh", "-c", "ls -a large | head -2")).isEqualTo(".\n..\n");
    volume.run("rm", "-r", "large");
  }

  @Test
  void directoriesAreSyncedWithoutHarm() throws Exception {
    Files.createDirectory(path("synced"));
    volume.run("sync", "synced");
    volume.run("sync", "-d", "synced");
  }

  @Test
  void anUnlinkedFileIsReadOn() throws Exception {
    Path file = Files.writeString(path("unlinked"), "still");
    try (FileChannel channel = FileChannel.open(file)) {
      Files.delete(file);
      assertThat(file).doesNotExist();
      ByteBuffer read = ByteBuffer.allocate(5);
      channel.read(read, 0);
      assertThat(new String(read.array(), UTF_8)).isEqualTo("still");
    }
  }

  @Test
  void space() throws Exception {
    assertThat(Files.getFileStore(volume.root()).getUsableSpace()).isEqualTo(1L << 39);
  }

  @Test
  void copiesOfATree() throws Exception {
    volume.run("cp", "-a", "/usr/include/linux/netfilter", "copy");
    volume.run("diff", "-r", "/usr/include/linux/netfilter", "copy");
    volume.run("tar", "cf", "copy.tar", "copy");
    Files.createDirectory(path("untarred"));
    volume.run("tar", "xf", "copy.tar", "-C", "untarred");
    volume.run("diff", "-r", "copy", "untarred/copy");
  }

  @Test
  void git() throws Exception {
    Files.createDirectory(path("repository"));
    String script =
        "cd repository && git init -q . && cp /usr/include/[a-d]*.h . && git add . "
            + "&& git -c user.email=a@b.c -c user.name=n commit -qm first && rm assert.h "
            + "&& git checkout -q assert.h && git fsck --strict && git status --porcelain";
    assertThat(volume.run("sh", "-c", script)).doesNotContain("assert.h");
  }

  @Test
  void sqlite() throws Exception {
    String rows = "with recursive c(x) as (select 1 union all select x+1 from c where x<500) ";
    volume.run(
        "sqlite3",
        "db",
        "create table t(a); begin; "
            + rows
            + "insert into t select hex(randomblob(40)) from c; commit;");
    assertThat(
            volume.run(
                "sqlite3",
                "db",
                "pragma journal_mode=wal; insert into t values(1); "
                    + "select count(*) from t; pragma integrity_check;"))
        .isEqualTo("wal\n501\nok\n");
  }

  @Test
  void vim() throws Exception {
    Files.writeString(path("text"), "one\ntwo\n");
    volume.run(
        "vim",
        "-es",
        "-u",
        "NONE",
        "-c",
        "set backup backupskip=",
        "-c",
        "%s/one/three/",
        "-c",
        "wq",
        "text");
    assertThat(Files.readString(path("text"))).isEqualTo("three\ntwo\n");
    assertThat(Files.readString(path("text~"))).isEqualTo("one\ntwo\n");
  }

  @Test
  void fioVerifiesItsBlocks() throws Exception {
    volume.run(
        "fio",
        "--name=a",
        "--filename=fio",
        "--rw=randrw",
        "--bs=4k",
        "--size=4M",
        "--verify=crc32c",
        "--fsync=16",
        "--minimal");
    volume.run(
        "fio",
        "--name=b",
        "--filename=fio-seq",
        "--rw=write",
        "--bs=1M",
        "--size=24M",
        "--verify=crc32c",
        "--end_fsync=1",
        "--minimal");
  }

  @Test
  void ddWithEveryKindOfSync() throws Exception {
    volume.run("sh", "-c", "head -c 9000000 /dev/urandom > source");
    volume.run("dd", "if=source", "of=target", "bs=100000", "conv=fsync");
    volume.run("cmp", "source", "target");
    volume.run("dd", "if=source", "of=target", "bs=1M", "oflag=sync", "conv=notrunc");
    volume.run("cmp", "source", "target");
  }
}
