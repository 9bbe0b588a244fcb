"""fsync, fdatasync, sync, syncfs, sync_file_range: POSIX.1-2017 fsync(), Linux fsync(2), sync(2), sync_file_range(2)."""
import os

import syscalls as sc


def a_file_can_be_synced_however_it_is_open(t):
    t.write("f", b"abc")
    for name, flags in (("O_RDONLY", os.O_RDONLY), ("O_WRONLY", os.O_WRONLY), ("O_RDWR", os.O_RDWR), ("O_APPEND", os.O_WRONLY | os.O_APPEND)):
        with t.opened("f", flags) as fd:
            t.works(f"fsync with {name}", os.fsync, fd)
            t.works(f"fdatasync with {name}", os.fdatasync, fd)


def what_was_synced_is_there(t):
    for name, call in (("fsync", os.fsync), ("fdatasync", os.fdatasync)):
        with t.opened(name, os.O_RDWR | os.O_CREAT) as fd:
            for n in range(1, 4):
                os.write(fd, b"x" * 5000)
                call(fd)
                t.content(f"{name} {n}", name, b"x" * 5000 * n)


def a_directory_can_be_synced(t):
    t.mkdir("d")
    with t.opened("d", os.O_RDONLY | os.O_DIRECTORY) as fd:
        t.write("d/f")
        t.works("fsync", os.fsync, fd)
        t.works("fdatasync", os.fdatasync, fd)
    t.equal("names", t.names("d"), ["f"])


def what_cannot_be_synced_is_einval(t):
    t.make("fifo", "p")
    with t.opened("p", os.O_RDWR) as fd:
        t.fails("fsync of a FIFO", "EINVAL", os.fsync, fd)
        t.fails("fdatasync of a FIFO", "EINVAL", os.fdatasync, fd)
    t.fails("fsync of no descriptor", "EBADF", os.fsync, 999)
    t.fails("fdatasync of no descriptor", "EBADF", os.fdatasync, 999)


def the_whole_filesystem_can_be_synced(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        t.works("syncfs of a file", sc.syncfs, fd)
    with t.opened("", os.O_RDONLY) as fd:
        t.works("syncfs of a directory", sc.syncfs, fd)
    t.fails("syncfs of no descriptor", "EBADF", sc.syncfs, 999)
    t.content("afterwards", "f", b"abc")


def a_part_of_a_file_can_be_synced(t):
    t.write("f", b"x" * 100_000)
    with t.opened("f") as fd:
        os.pwrite(fd, b"y", 50_000)
        t.works("sync_file_range", sc.sync_file_range, fd, 40_000, 20_000, 7)
        t.works("to the end", sc.sync_file_range, fd, 0, 0, 2)
        t.fails("a flag that does not exist", "EINVAL", sc.sync_file_range, fd, 0, 0, 8)
        t.fails("a negative offset", "EINVAL", sc.sync_file_range, fd, -1, 10, 2)


def a_file_can_be_synced_without_a_name(t):
    t.write("f")
    with t.opened("f") as fd:
        os.unlink(t.here("f"))
        os.write(fd, b"abc")
        t.works("fsync", os.fsync, fd)
        t.works("fdatasync", os.fdatasync, fd)
        t.equal("content", os.pread(fd, 9, 0), b"abc")


def advice_is_taken_and_changes_nothing(t):
    t.write("f", b"abc" * 10_000)
    with t.opened("f") as fd:
        for name in ("NORMAL", "SEQUENTIAL", "RANDOM", "NOREUSE", "WILLNEED", "DONTNEED"):
            t.works(f"posix_fadvise {name}", os.posix_fadvise, fd, 0, 0, getattr(os, f"POSIX_FADV_{name}"))
        t.fails("advice that does not exist", "EINVAL", os.posix_fadvise, fd, 0, 0, 77)
    t.content("afterwards", "f", b"abc" * 10_000)


def the_names_and_content_outlive_a_dropped_cache(t):
    t.write("f", os.urandom(50_000))
    data = t.read("f")
    with t.opened("f") as fd:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        t.true("content", os.pread(fd, 60_000, 0) == data)
