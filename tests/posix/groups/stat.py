"""stat, lstat, fstat, statx and link counts: POSIX.1-2017 stat(), <sys/stat.h>, Linux stat(2), statx(2), inode(7)."""
import os
import stat

from fixture import NO_DRIVER, NULL
import syscalls as sc


def the_type_is_told(t):
    types = {"file": stat.S_ISREG, "dir": stat.S_ISDIR, "symlink": stat.S_ISLNK, "fifo": stat.S_ISFIFO, "socket": stat.S_ISSOCK,
             "char": stat.S_ISCHR, "block": stat.S_ISBLK}
    for kind in t.kinds():
        t.make(kind, kind)
        t.equal(f"types of a {kind}", [k for k, is_one in types.items() if is_one(t.stat(kind).st_mode)], [kind])


def lstat_stat_and_fstat_agree(t):
    def same(s):
        return s.st_mode, s.st_ino, s.st_dev, s.st_nlink, s.st_uid, s.st_gid, s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_blksize, s.st_rdev

    for kind in ("file", "dir", "fifo"):
        t.make(kind, kind)
        fd = os.open(t.there(kind), os.O_RDONLY | os.O_NONBLOCK)
        t.equal(f"lstat and stat of a {kind}", same(os.lstat(t.there(kind))), same(os.stat(t.there(kind))))
        t.equal(f"lstat and fstat of a {kind}", same(os.lstat(t.there(kind))), same(os.fstat(fd)))


def statx_agrees_with_lstat(t):
    for kind in t.kinds():
        t.make(kind, kind)
        s, x = t.stat(kind), sc.statx(t.there(kind), sc.AT_SYMLINK_NOFOLLOW)
        t.equal(f"mask of a {kind} has the basic fields", x.mask & sc.STATX_BASIC, sc.STATX_BASIC)
        for name, one, two in (("mode", x.mode, s.st_mode), ("ino", x.ino, s.st_ino), ("nlink", x.nlink, s.st_nlink), ("uid", x.uid, s.st_uid), ("gid", x.gid, s.st_gid),
                               ("size", x.size, s.st_size), ("blocks", x.blocks, s.st_blocks), ("blksize", x.blksize, s.st_blksize), ("mtime", x.mtime.ns, s.st_mtime_ns),
                               ("ctime", x.ctime.ns, s.st_ctime_ns), ("atime", x.atime.ns, s.st_atime_ns), ("rdev", os.makedev(x.rdev_major, x.rdev_minor), s.st_rdev),
                               ("dev", os.makedev(x.dev_major, x.dev_minor), s.st_dev)):
            t.equal(f"{name} of a {kind}", one, two)


def statx_tells_when_a_file_was_made(t):
    before = t.tick()
    for kind in t.kinds():
        t.make(kind, kind)
    after = t.tick()
    for kind in t.kinds():
        x = sc.statx(t.there(kind), sc.AT_SYMLINK_NOFOLLOW)
        t.true(f"btime of a {kind} is told", x.mask & sc.STATX_BTIME)
        t.true(f"btime of a {kind} is when it was made", before <= x.btime.ns <= after, x.btime.ns)


def the_time_of_making_stays(t):
    t.write("f", b"abc")
    born = sc.statx(t.there("f"))
    t.true("btime is told", born.mask & sc.STATX_BTIME)
    t.tick()
    for what, act in (("write", lambda: t.write("f", b"new")), ("chmod", lambda: os.chmod(t.here("f"), 0o600)), ("utime", lambda: os.utime(t.here("f"), ns=(1, 2))),
                      ("link", lambda: os.link(t.here("f"), t.here("g")))):
        act()
        t.equal(f"btime after {what}", sc.statx(t.there("f")).btime.ns, born.btime.ns)
    os.rename(t.here("f"), t.here("h"))
    t.equal("btime after rename", sc.statx(t.there("h")).btime.ns, born.btime.ns)


def statx_takes_its_flags(t):
    t.write("f", b"abc")
    os.symlink("f", t.here("l"))
    t.equal("a link is followed", stat.S_IFMT(sc.statx(t.there("l")).mode), stat.S_IFREG)
    t.equal("unless told", stat.S_IFMT(sc.statx(t.there("l"), sc.AT_SYMLINK_NOFOLLOW).mode), stat.S_IFLNK)
    with open(t.there("f"), "rb") as f:
        t.equal("an empty path is the descriptor", sc.statx("", sc.AT_EMPTY_PATH, directory=f.fileno()).size, 3)
    for name, flag in (("AT_STATX_FORCE_SYNC", 0x2000), ("AT_STATX_DONT_SYNC", 0x4000), ("AT_NO_AUTOMOUNT", 0x800)):
        t.equal(f"size with {name}", sc.statx(t.there("f"), flag).size, 3)
    t.fails("FORCE_SYNC and DONT_SYNC", "EINVAL", sc.statx, t.there("f"), 0x6000)
    t.fails("an empty path without AT_EMPTY_PATH", "ENOENT", sc.statx, "")
    t.fails("a reserved bit in the mask", "EINVAL", sc.statx, t.there("f"), 0, 1 << 31)


def of_what_is_missing(t):
    t.write("f")
    for name, call in {"lstat": os.lstat, "stat": os.stat, "statx": sc.statx}.items():
        t.fails(f"{name} of a missing name", "ENOENT", call, t.there("missing"))
        t.fails(f"{name} below a missing name", "ENOENT", call, t.there("missing/x"))
        t.fails(f"{name} below a file", "ENOTDIR", call, t.there("f/x"))
        t.fails(f"{name} of a file with a slash", "ENOTDIR", call, t.there("f/"))
        t.fails(f"{name} of an empty path", "ENOENT", call, "")
    t.fails("fstat of no descriptor", "EBADF", os.fstat, 999)


def device_numbers_are_kept(t):
    t.needs_root()
    for kind, number in (("char", NULL), ("block", NO_DRIVER)):
        t.make(kind, kind)
        t.equal(f"number of a {kind} device", t.stat(kind).st_rdev, number)
    for name, number in (("large", os.makedev(4095, 1048575)), ("minor", os.makedev(1, 1 << 19)), ("zero", 0)):
        os.mknod(t.here(name), stat.S_IFBLK | 0o600, number)
        t.equal(f"a {name} number", t.stat(name).st_rdev, number)
    t.equal("number of a file", t.stat("../clock").st_rdev, 0)


def sizes_are_told(t):
    for size in (0, 1, 4096, 100_000):
        t.write("f", b"x" * size)
        t.equal(f"size of {size} bytes", t.size("f"), size)
    for kind in t.kinds()[3:]:
        t.make(kind, kind)
        t.equal(f"size of a {kind}", t.size(kind), 0)
    os.symlink("target", t.here("l"))
    t.equal("size of a link", t.size("l"), 6)


def blocks_are_of_512_bytes(t):
    t.write("f", b"x" * 1_000_000)
    with t.opened("f") as fd:
        os.fsync(fd)
    t.true("blocks of a megabyte", 1_000_000 <= t.stat("f").st_blocks * 512 <= 1_300_000, t.stat("f").st_blocks)
    t.write("empty")
    t.equal("blocks of an empty file", t.stat("empty").st_blocks, 0)
    t.true("the block size is useful", t.stat("f").st_blksize >= 512, t.stat("f").st_blksize)


def inodes_tell_files_apart(t):
    for n in range(50):
        t.make(("file", "dir", "symlink", "fifo", "socket")[n % 5], f"x{n}")
    t.equal("different inodes", len({t.stat(f"x{n}").st_ino for n in range(50)}), 50)
    t.equal("one device", len({t.stat(f"x{n}").st_dev for n in range(50)}), 1)


def an_inode_stays_while_the_file_is_there(t):
    t.write("f")
    number = t.stat("f").st_ino
    for what, act in (("write", lambda: t.write("f", b"x" * 9000)), ("truncate", lambda: os.truncate(t.here("f"), 1)), ("chmod", lambda: os.chmod(t.here("f"), 0o600)),
                      ("utime", lambda: os.utime(t.here("f"))), ("link", lambda: os.link(t.here("f"), t.here("g"))), ("rename", lambda: os.replace(t.here("g"), t.here("f")))):
        act()
        t.equal(f"inode after {what}", t.stat("f").st_ino, number)


def directories_count_their_directories(t):
    t.mkdir("d")
    t.equal("an empty directory", t.stat("d").st_nlink, 2)
    for n in range(1, 6):
        t.mkdir(f"d/e{n}")
        t.equal(f"with {n} directories in it", t.stat("d").st_nlink, 2 + n)
    t.write("d/f")
    os.symlink("e1", t.here("d/l"))
    t.equal("a file and a link do not count", t.stat("d").st_nlink, 7)
    t.mkdir("d/e1/deeper")
    t.equal("deeper ones do not count", t.stat("d").st_nlink, 7)
    for n in range(2, 6):
        os.rmdir(t.here(f"d/e{n}"))
    t.equal("after four were removed", t.stat("d").st_nlink, 3)


def moved_directories_are_counted_where_they_are(t):
    for name in ("a", "b", "a/x", "b/y", "b/z"):
        t.mkdir(name)

    def counts():
        return t.stat("a").st_nlink, t.stat("b").st_nlink

    t.equal("at first", counts(), (3, 4))
    os.rename(t.here("a/x"), t.here("b/x"))
    t.equal("after a move", counts(), (2, 5))
    os.rename(t.here("b/x"), t.here("b/x2"))
    t.equal("after a rename within", counts(), (2, 5))
    os.rename(t.here("b/x2"), t.here("b/y"))
    t.equal("after one replaced another", counts(), (2, 4))
    os.rename(t.here("b/z"), t.here("a/z"))
    t.equal("after a move back", counts(), (3, 3))


def names_of_a_file_are_counted(t):
    t.write("f")
    t.mkdir("d")
    for what, act, expected in (("a second name", lambda: os.link(t.here("f"), t.here("g")), 2), ("a third elsewhere", lambda: os.link(t.here("g"), t.here("d/h")), 3),
                                ("a rename", lambda: os.rename(t.here("g"), t.here("d/g")), 3), ("a name less", lambda: os.unlink(t.here("d/g")), 2),
                                ("a replaced name", lambda: os.rename(t.write("new"), t.here("d/h")), 1)):
        act()
        t.equal(f"nlink after {what}", t.stat("f").st_nlink, expected)


def dot_and_dotdot_are_the_directory_and_its_parent(t):
    t.mkdir("d")
    t.mkdir("d/e")
    t.equal("'.'", os.lstat(t.there("d/e/.")).st_ino, t.stat("d/e").st_ino)
    t.equal("'..'", os.lstat(t.there("d/e/..")).st_ino, t.stat("d").st_ino)
    t.equal("'../..'", os.lstat(t.there("d/e/../..")).st_ino, t.stat().st_ino)
