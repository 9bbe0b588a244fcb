package io.pandofs.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** Also what only the kernel's newer protocol can do. */
class DirectMountedFilesTest extends MountedFiles {

  DirectMountedFilesTest() {
    super("direct");
  }

  /** Runs lines of Python in the mount. */
  private String python(String... lines) throws Exception {
    return run("python3", "-c", "import os, mmap, ctypes, errno\n" + String.join("\n", lines));
  }

  @Test
  void aNameIsBytes() throws Exception {
    assertThat(
            python(
                "os.mkdir('bytes'); os.chdir('bytes')",
                "names = {b'a\\xff', b'a\\xfe', 'a\\ufffd'.encode(), b'\\n'}",
                "for n in names: os.close(os.open(n, os.O_CREAT | os.O_EXCL))",
                "os.rename(b'a\\xff', b'\\xc3'); os.symlink(b'\\xf0', b's\\x80')",
                "print(set(os.listdir(b'.')) == names - {b'a\\xff'} | {b'\\xc3', b's\\x80'})",
                "print(os.readlink(b's\\x80') == b'\\xf0')"))
        .isEqualTo("True\nTrue\n");
  }

  @Test
  void anOpenFileIsUnlinkedWithoutATrace() throws Exception {
    assertThat(
            python(
                "os.mkdir('gone')",
                "f = os.open('gone/f', os.O_CREAT | os.O_RDWR); os.write(f, b'still')",
                "os.unlink('gone/f'); print(os.listdir('gone')); os.rmdir('gone')",
                "os.ftruncate(f, 3); os.pwrite(f, b'S', 0)",
                "print(os.pread(f, 9, 0), os.fstat(f).st_nlink, os.fstat(f).st_size)"))
        .isEqualTo("[]\nb'Sti' 0 3\n");
  }

  @Test
  void namesAreExchangedAndNotReplaced() throws Exception {
    assertThat(
            python(
                "open('one', 'w').write('1'); open('two', 'w').write('2')",
                "c = ctypes.CDLL(None, use_errno=True)",
                "print(c.renameat2(-100, b'one', -100, b'two', 1), ctypes.get_errno())",
                "print(c.renameat2(-100, b'one', -100, b'two', 2), open('one').read())",
                "print(c.renameat2(-100, b'one', -100, b'three', 1), open('three').read())"))
        .isEqualTo("-1 17\n0 2\n0 2\n");
  }

  @Test
  void holesAreFound() throws Exception {
    assertThat(
            python(
                "f = os.open('holes', os.O_CREAT | os.O_RDWR)",
                "os.pwrite(f, b'x' * 4096, 1 << 20); os.ftruncate(f, 3 << 20)",
                "print(os.lseek(f, 0, os.SEEK_DATA) >> 20, os.lseek(f, 0, os.SEEK_HOLE))",
                "print(os.lseek(f, 1 << 20, os.SEEK_HOLE) - (1 << 20))",
                "try: os.lseek(f, 2 << 20, os.SEEK_DATA)",
                "except OSError as e: print(e.errno == errno.ENXIO)",
                "print(os.lseek(f, 0, os.SEEK_END) >> 20)"))
        .isEqualTo("1 0\n4096\nTrue\n3\n");
  }

  @Test
  void birthTimesAreTold() throws Exception {
    Files.createFile(path("born"));
    run("touch", "-d", "2001-01-01", "born");
    long born = Long.parseLong(run("stat", "-c", "%W", "born").strip());
    long changed = Long.parseLong(run("stat", "-c", "%Z", "born").strip());
    assertThat(born).isBetween(changed - 60, changed);
  }

  /** Whoever appends does so without the kernel's page cache; a mapping of the file has one. */
  @Test
  void aFileThatIsAppendedToIsMappedAllTheSame() throws Exception {
    assertThat(
            python(
                "f = os.open('mapped', os.O_CREAT | os.O_RDWR | os.O_APPEND)",
                "os.write(f, b'0123456789'); m = mmap.mmap(f, 10)",
                "os.write(f, b'end'); m[2:4] = b'xy'; m.flush()",
                "print(open('mapped').read(), os.fstat(f).st_size)"))
        .isEqualTo("01xy456789end 13\n");
  }

  @Test
  void appendingEndsWithTheFlag() throws Exception {
    assertThat(
            python(
                "import fcntl",
                "f = os.open('flags', os.O_CREAT | os.O_RDWR | os.O_APPEND)",
                "os.write(f, b'0123456789'); fcntl.fcntl(f, fcntl.F_SETFL, 0)",
                "os.pwrite(f, b'xy', 2); fcntl.fcntl(f, fcntl.F_SETFL, os.O_APPEND)",
                "os.write(f, b'end')",
                "print(open('flags').read(), os.fstat(f).st_size)"))
        .isEqualTo("01xy456789end 13\n");
  }

  @Test
  void privilegesAreLostByAWriteOnlyOfAnotherUser() throws Exception {
    String script =
        "umask 0; for f in a b c; do touch priv-$f; chmod 6777 priv-$f; done;"
            + " echo x >> priv-a; setpriv --reuid 1000 --clear-groups sh -c 'echo x >> priv-b;"
            + " truncate -s 5 priv-c'; stat -c %a priv-a priv-b priv-c";
    assertThat(run("sh", "-c", script)).isEqualTo("6777\n777\n777\n");
  }

  @Test
  void largeDirectIoComesBackWhole() throws Exception {
    run("sh", "-c", "head -c 5000000 /dev/urandom > random");
    run("dd", "if=random", "of=direct", "bs=1M", "oflag=direct", "iflag=fullblock");
    run("dd", "if=direct", "of=again", "bs=4M", "iflag=direct");
    run("cmp", "random", "again");
  }

  @Test
  void manyAtOnce() throws Exception {
    String script =
        "mkdir many; cd many; seq 600 | xargs -P 24 -I% sh -c 'echo % > f%; cat f% >/dev/null;"
            + " mv f% g%; ln g% h%; rm g%'; ls | wc -l; cat h* | sort -n | uniq | wc -l";
    assertThat(run("sh", "-c", script)).isEqualTo("600\n600\n");
  }
}
