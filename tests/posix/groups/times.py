"""Which of atime, mtime and ctime each operation marks for update: POSIX.1-2017 4.9 and each function's page, Linux inode(7)."""
import os

from fixture import ST_NOATIME, outcome
import syscalls as sc

FIELDS = {"a": "st_atime_ns", "m": "st_mtime_ns", "c": "st_ctime_ns"}


def _marks(t, what, act, **expected):
    """Checks which of mtime and ctime the act marks; an argument is a name ('dot' is the directory) and the letters of what is marked."""
    before = t.tick()
    act()
    for name, letters in expected.items():
        s = t.stat("" if name == "dot" else name)
        for letter in "mc":
            marked = getattr(s, FIELDS[letter]) >= before
            t.equal(f"{what}: {FIELDS[letter][3:8]} of {'the directory' if name == 'dot' else name} is marked", marked, letter in letters)


def _with(t, name, flags, act):
    with t.opened(name, flags) as fd:
        act(fd)


def making_marks_the_directory(t):
    t.write("f")
    for kind in t.kinds():
        _marks(t, f"making a {kind}", lambda kind=kind: t.make(kind, kind), dot="mc", **{kind: "mc"})
    _marks(t, "link", lambda: os.link(t.here("f"), t.here("g")), dot="mc", f="c")


def removing_marks_the_directory(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        _marks(t, f"removing a {kind}", lambda: (os.rmdir if kind == "dir" else os.unlink)(path), dot="mc")
    t.write("f")
    os.link(t.here("f"), t.here("g"))
    _marks(t, "removing one of two names", lambda: os.unlink(t.here("g")), dot="mc", f="c")


def renaming_marks_directories_and_ctime(t):
    t.mkdir("other")
    for kind in t.kinds():
        t.make(kind, kind)
        _marks(t, f"renaming a {kind}", lambda: os.rename(t.here(kind), t.here("x")), dot="mc", x="c")
        _marks(t, f"moving a {kind}", lambda: os.rename(t.here("x"), t.here("other/x")), dot="mc", other="mc")
        (os.rmdir if kind == "dir" else os.unlink)(t.here("other/x"))


def moving_a_directory_marks_only_where_it_was_and_is(t):
    for name in ("a", "a/d", "a/d/e", "b"):
        t.mkdir(name)
    _marks(t, "moving a directory", lambda: os.rename(t.here("a/d"), t.here("b/d")), dot="", a="mc", b="mc", **{"b/d/e": ""})


def replacing_by_rename_marks_the_other_names_of_what_was_replaced(t):
    t.write("old")
    os.link(t.here("old"), t.here("kept"))
    t.write("new")
    _marks(t, "replacing one of two names", lambda: os.rename(t.here("new"), t.here("old")), kept="c", old="c", dot="mc")


def writing_marks_the_file(t):
    t.write("f", b"abc")
    for what, act in (("write", lambda fd: os.write(fd, b"x")), ("pwrite", lambda fd: os.pwrite(fd, b"x", 9)), ("writev", lambda fd: os.writev(fd, [b"x", b"y"])),
                      ("ftruncate", lambda fd: os.ftruncate(fd, 2)), ("ftruncate to the same size", lambda fd: os.ftruncate(fd, 2)),
                      ("fallocate", lambda fd: sc.fallocate(fd, 0, 0, 5000))):
        _marks(t, what, lambda: _with(t, "f", os.O_RDWR, act), f="mc", dot="")
    _marks(t, "truncate", lambda: os.truncate(t.here("f"), 1), f="mc", dot="")
    _marks(t, "O_TRUNC", lambda: _with(t, "f", os.O_WRONLY | os.O_TRUNC, lambda fd: None), f="mc", dot="")


def attributes_mark_ctime_only(t):
    t.write("f", b"abc")
    for what, act in (("chmod", lambda: os.chmod(t.here("f"), 0o600)), ("chown", lambda: os.chown(t.here("f"), os.geteuid(), os.getegid())),
                      ("fchmod", lambda: _with(t, "f", os.O_RDWR, lambda fd: os.fchmod(fd, 0o644))),
                      ("fchown", lambda: _with(t, "f", os.O_RDWR, lambda fd: os.fchown(fd, os.geteuid(), os.getegid())))):
        _marks(t, what, act, f="c", dot="")


def extended_attributes_mark_ctime_only(t):
    t.write("f", b"abc")
    for what, act in (("setxattr", lambda: os.setxattr(t.here("f"), "user.a", b"1")), ("a second setxattr", lambda: os.setxattr(t.here("f"), "user.a", b"2")),
                      ("removexattr", lambda: os.removexattr(t.here("f"), "user.a"))):
        _marks(t, what, act, f="c", dot="")


def looking_marks_neither_mtime_nor_ctime(t):
    t.write("f", b"abc")
    t.mkdir("d")
    os.symlink("f", t.here("l"))
    for what, act in (("read", lambda: _with(t, "f", os.O_RDONLY, lambda fd: os.read(fd, 3))), ("open", lambda: _with(t, "f", os.O_RDWR, lambda fd: None)),
                      ("stat", lambda: os.stat(t.here("f"))), ("access", lambda: os.access(t.here("f"), os.R_OK)), ("readlink", lambda: os.readlink(t.here("l"))),
                      ("readdir", lambda: os.listdir(t.here("d"))), ("readdir of the directory", lambda: os.listdir(t.here())),
                      ("listxattr", lambda: os.listxattr(t.here("f"))), ("fsync", lambda: _with(t, "f", os.O_RDWR, os.fsync)),
                      ("O_CREAT of a file", lambda: _with(t, "f", os.O_WRONLY | os.O_CREAT, lambda fd: None))):
        _marks(t, what, act, f="", d="", l="", dot="")


def what_fails_marks_nothing(t):
    t.write("f", b"abc")
    t.mkdir("d")
    t.write("d/x")
    for what, call, *args in (("mkdir of what exists", os.mkdir, t.here("d")), ("O_EXCL of what exists", os.open, t.here("f"), os.O_CREAT | os.O_EXCL),
                              ("rmdir of a full directory", os.rmdir, t.here("d")), ("unlink of a directory", os.unlink, t.here("d")),
                              ("link to what exists", os.link, t.here("f"), t.here("d")), ("rename over a directory", os.rename, t.here("f"), t.here("d")),
                              ("symlink over what exists", os.symlink, "x", t.here("f")), ("truncate to -1", os.truncate, t.here("f"), -1)):
        _marks(t, what, lambda: outcome(call, *args), f="", d="", dot="")


OLD = 10**18


def _wait_for_atime(t, name, act):
    """Whether the act marks atime. Relatime moves it when it is not after mtime; a filesystem may do so a moment later."""
    os.utime(t.here(name), ns=(OLD, OLD), follow_symlinks=False)
    before = t.tick()
    act()
    for _ in range(200):
        if t.stat(name).st_atime_ns >= before:
            return True
        t.tick()
    return False


def _atime_moves(t, what, name, act):
    t.true(f"atime after {what}", _wait_for_atime(t, name, act))


def reading_marks_atime(t):
    t.needs_flag_off(ST_NOATIME, "noatime")
    t.write("f", b"abc")
    for what, act in (("read", lambda fd: os.read(fd, 3)), ("pread", lambda fd: os.pread(fd, 1, 1)), ("readv", lambda fd: os.readv(fd, [bytearray(2)]))):
        _atime_moves(t, what, "f", lambda: _with(t, "f", os.O_RDONLY, act))


def reading_a_directory_or_link_marks_atime(t):
    t.needs_flag_off(ST_NOATIME, "noatime")
    t.mkdir("d")
    t.write("d/f")
    os.symlink("d", t.here("l"))
    _atime_moves(t, "readdir", "d", lambda: os.listdir(t.here("d")))
    _atime_moves(t, "readlink", "l", lambda: os.readlink(t.here("l")))


def o_noatime_leaves_atime(t):
    t.needs_flag_off(ST_NOATIME, "noatime")
    for name in ("f", "g"):
        t.write(name, b"abc")
    os.utime(t.here("f"), ns=(OLD, OLD))
    _with(t, "f", os.O_RDONLY | os.O_NOATIME, lambda fd: os.read(fd, 3))
    t.true("atime of a file that is read afterwards without it", _wait_for_atime(t, "g", lambda: _with(t, "g", os.O_RDONLY, lambda fd: os.read(fd, 3))))
    t.equal("atime", t.stat("f").st_atime_ns, OLD)


def writing_and_looking_leave_atime(t):
    t.write("f", b"abc")
    os.utime(t.here("f"), ns=(OLD, OLD))
    for what, act in (("write", lambda: _with(t, "f", os.O_WRONLY, lambda fd: os.write(fd, b"x"))), ("chmod", lambda: os.chmod(t.here("f"), 0o600)),
                      ("stat", lambda: os.stat(t.here("f"))), ("rename", lambda: os.rename(t.here("f"), t.here("f2")) or os.rename(t.here("f2"), t.here("f"))),
                      ("truncate", lambda: os.truncate(t.here("f"), 1))):
        act()
        t.equal(f"atime after {what}", t.stat("f").st_atime_ns, OLD)


def time_goes_forward_from_change_to_change(t):
    t.write("f")
    last = 0
    for n in range(20):
        with t.opened("f", os.O_WRONLY | os.O_APPEND) as fd:
            os.write(fd, b"x")
        now = t.stat("f").st_mtime_ns
        t.true(f"mtime of write {n} is not before that of the one before", now >= last, now)
        last = now
