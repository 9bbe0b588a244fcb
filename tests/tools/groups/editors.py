"""Editors."""
import os
import pty
import select
import signal
import time

LINES = [f"line {n} of the text" for n in range(1, 201)]
TEXT = "\n".join(LINES) + "\n"
VIM = ("vim", "-Nes", "-u", "NONE", "-i", "NONE")
SETTINGS = "set swapfile updatecount=1 directory=. backup backupdir=. undofile undodir=. fsync\n"


def _vim(t, top, commands, *options, **named):
    t.run(*VIM, *options, cwd=top, stdin=SETTINGS + commands, **named)


def _text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def vim(t):
    """two edits, one by rename and one in place, with backup and undo file; undo from the other mount; recovery there from the swap file of a killed vim"""
    t.needs("vim")
    t.write(t.here("f.txt"), TEXT, 0o640)
    edited = TEXT.replace("line 1", "row 1")
    for way in ("no", "yes"):
        t.write(t.here("f.txt"), TEXT, 0o640)
        inode = os.stat(t.here("f.txt")).st_ino
        _vim(t, t.here(), f"set backupcopy={way}\nedit f.txt\n%s/^line 1/row 1/\ncall writefile([swapname('%'), getfsize(swapname('%')) > 0], '{t.plain('swap')}')\nwrite\nquit\n")
        t.equal("the swap file while it was open", _text(t.plain("swap")), ".f.txt.swp\n1\n")
        t.equal(f"text, backupcopy={way}", _text(t.there("f.txt")), edited)
        t.equal("backup", _text(t.there("f.txt~")), TEXT)
        t.equal("mode", oct(os.stat(t.there("f.txt")).st_mode & 0o7777), "0o640")
        t.equal(f"it is the same file, backupcopy={way}", os.stat(t.there("f.txt")).st_ino == inode, way == "yes")
        t.equal("names", sorted(os.listdir(t.there())), [".f.txt.un~", "f.txt", "f.txt~"])
    _vim(t, t.there(), "edit f.txt\nundo\nwrite\nquit\n")
    t.equal("text after undo on the other mount", _text(t.here("f.txt")), TEXT)
    _vim(t, t.here(), "edit f.txt\n$d\ncall append(0, 'not saved')\npreserve\ncall system('kill -9 ' . getpid())\n", statuses=(-signal.SIGKILL, 137))
    t.true("a killed vim leaves its swap file", os.path.exists(t.there(".f.txt.swp")))
    t.equal("and the text as it was", _text(t.there("f.txt")), TEXT)
    _vim(t, t.there(), "write! recovered.txt\nquit!\n", "-r", "f.txt", statuses=(0, 1))
    t.equal("recovered from the swap file", _text(t.here("recovered.txt")), "\n".join(["not saved"] + LINES[:-1]) + "\n")


class _Terminal:
    def __init__(self, t, *argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(t.here())
            os.execvpe(argv[0], argv, {**t.env, "TERM": "xterm", "LINES": "24", "COLUMNS": "80"})

    def wait_for(self, text, seconds=30):
        seen, deadline = b"", time.monotonic() + seconds
        while text not in seen:
            if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"no {text} on the terminal, but {seen[-300:]}")
            seen += os.read(self.fd, 4096)

    def send(self, keys):
        os.write(self.fd, keys)

    def end(self):
        try:
            while os.read(self.fd, 4096):
                pass
        except OSError:  # EIO: the other end is closed
            pass
        return os.waitpid(self.pid, 0)[1]


def nano(t):
    """a line typed on a terminal, saved with a backup and a lock file"""
    t.needs("nano")
    t.write(t.here("f.txt"), TEXT, 0o640)
    terminal = _Terminal(t, "nano", "--ignorercfiles", "--backup", "--locking", "f.txt")
    terminal.wait_for(b"line 3 of")
    t.true("lock file while it is open", os.path.exists(t.there(".f.txt.swp")))
    terminal.send(b"typed by hand\r")
    terminal.wait_for(b"hand")
    terminal.send(b"\x0f")
    terminal.wait_for(b"Name to Write")
    terminal.send(b"\r")
    terminal.wait_for(b"Wrote")
    terminal.send(b"\x18")
    t.equal("status", terminal.end(), 0)
    t.equal("text", _text(t.there("f.txt")), "typed by hand\n" + TEXT)
    t.equal("backup", _text(t.there("f.txt~")), TEXT)
    t.equal("mode", oct(os.stat(t.there("f.txt")).st_mode & 0o7777), "0o640")
    t.equal("names", sorted(os.listdir(t.there())), ["f.txt", "f.txt~"])


def sed_sort_patch(t):
    """sed -i, sort -o, tee -a, split, install, ln -sf, truncate and patch leave what they leave on a plain disk"""
    t.needs("patch")
    t.both("d", """
        seq 1 3000 > n; sed -i.old 's/7/seven/' n; sort -r -o n n; head -n 500 n | tee -a all more > /dev/null; tail -n 500 n | tee -a all > /dev/null
        split -b 2000 n part-; cat part-* | cmp - n; install -m 4750 -D n bin/tool; ln -s n l; ln -sf all l; ln n hard; truncate -s 5000 more; truncate -s +100 all
        printf '1\\n2\\n3\\n' > old; printf '1\\ntwo\\n3\\n' > new; diff -u old new > p || true; sed -i 's/^\\(---\\|+++\\).*/\\1 old/' p; patch -b < p; cmp old new; sha256sum $(find . -type f | sort)""")
    t.same("what is left", t.there("d"), t.plain("d"), leave=("mtime",))
