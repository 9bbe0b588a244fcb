"""statvfs and limits of size: POSIX.1-2017 statvfs(), setrlimit(), write(), Linux statvfs(3), getrlimit(2)."""
import os
import resource
import signal

import syscalls as sc


def statvfs_makes_sense(t):
    s = os.statvfs(t.there())
    t.true("block size", 512 <= s.f_frsize <= 1 << 22 and s.f_bsize > 0, (s.f_frsize, s.f_bsize))
    t.true("blocks: all >= free >= free for others", s.f_blocks >= s.f_bfree >= s.f_bavail >= 0, (s.f_blocks, s.f_bfree, s.f_bavail))
    t.true("there is some room", s.f_bavail > 0)
    t.true("inodes: all >= free >= free for others", s.f_files >= s.f_ffree >= s.f_favail >= 0, (s.f_files, s.f_ffree, s.f_favail))
    t.true("some inodes are free", s.f_ffree > 0)
    t.equal("the longest name", s.f_namemax, 255)


def statvfs_is_the_same_everywhere(t):
    t.write("f")
    t.mkdir("d")
    os.symlink("f", t.here("l"))

    def steady(s):
        return s.f_bsize, s.f_frsize, s.f_blocks, s.f_namemax, s.f_flag, s.f_fsid

    expected = steady(os.statvfs(t.there()))
    for name in ("f", "d", "l"):
        t.equal(f"of {name}", steady(os.statvfs(t.there(name))), expected)
        fd = os.open(t.there(name), os.O_RDONLY)
        t.equal(f"of {name} by its descriptor", steady(os.statvfs(fd)), expected)
    t.fails("of a missing name", "ENOENT", os.statvfs, t.there("missing"))
    t.fails("below a file", "ENOTDIR", os.statvfs, t.there("f/x"))
    t.fails("of no descriptor", "EBADF", os.statvfs, 999)


def pathconf_tells_the_limits(t):
    for name, expected in (("PC_NAME_MAX", 255), ("PC_PATH_MAX", 4096)):
        t.equal(name, os.pathconf(t.there(), name), expected)


def _limit(size):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def a_write_past_the_limit_is_efbig(t):
    t.write("f")
    _limit(10_000)
    with t.opened("f") as fd:
        t.equal("up to the limit", os.pwrite(fd, b"x" * 10_000, 0), 10_000)
        t.fails("at the limit", "EFBIG", os.pwrite, fd, b"x", 10_000)
        t.fails("past the limit", "EFBIG", os.pwrite, fd, b"x", 20_000)
        t.equal("within the limit", os.pwrite(fd, b"y", 9_999), 1)
    t.equal("size", t.size("f"), 10_000)


def a_write_across_the_limit_is_cut_short(t):
    t.write("f")
    _limit(10_000)
    with t.opened("f") as fd:
        t.equal("written", os.pwrite(fd, b"x" * 9_000, 5_000), 5_000)
    t.equal("size", t.size("f"), 10_000)


def a_size_past_the_limit_is_efbig(t):
    t.write("f", b"abc")
    _limit(10_000)
    with t.opened("f") as fd:
        t.works("ftruncate to the limit", os.ftruncate, fd, 10_000)
        t.fails("ftruncate past it", "EFBIG", os.ftruncate, fd, 10_001)
        t.fails("truncate past it", "EFBIG", os.truncate, t.here("f"), 10_001)
        t.works("a smaller size", os.ftruncate, fd, 5)
    t.equal("size", t.size("f"), 5)


def an_allocation_past_the_limit_is_efbig(t):
    t.write("f", b"abc")
    _limit(10_000)
    with t.opened("f") as fd:
        t.fails("fallocate past it", "EFBIG", sc.fallocate, fd, 0, 0, 20_000)
    t.equal("size", t.size("f"), 3)


def a_limit_tells_by_a_signal(t):
    t.write("f")
    got = []
    _limit(100)
    signal.signal(signal.SIGXFSZ, lambda number, frame: got.append(number))
    with t.opened("f") as fd:
        t.fails("write at the limit", "EFBIG", os.pwrite, fd, b"x", 100)
    t.equal("signals", got, [signal.SIGXFSZ])


def a_limit_holds_for_appending_and_vectors(t):
    t.write("f", b"x" * 90)
    _limit(100)
    with t.opened("f", os.O_WRONLY | os.O_APPEND) as fd:
        t.equal("up to the limit", os.write(fd, b"y" * 20), 10)
        t.fails("past it", "EFBIG", os.write, fd, b"z")
        t.fails("writev past it", "EFBIG", os.writev, fd, [b"a", b"b"])
    t.equal("size", t.size("f"), 100)


def other_files_are_not_bound_by_a_limit(t):
    _limit(0)
    for kind in ("dir", "symlink", "fifo", "socket"):
        t.works(f"a {kind} with a limit of 0", t.make, kind, kind)
    t.works("an empty file", t.write, "f")


def the_largest_offset_is_a_size_or_efbig(t):
    t.write("f")
    with t.opened("f") as fd:
        t.fails("write at 2^63-2", "ok|EFBIG", os.pwrite, fd, b"x", (1 << 63) - 2)
        t.fails("write past 2^63-1", "EINVAL|EFBIG|EOVERFLOW", os.pwrite, fd, b"xx", (1 << 63) - 1)
    t.true("size", t.size("f") in (0, (1 << 63) - 1), t.size("f"))
