"""unlink, and what lives on without a name: POSIX.1-2017 unlink(), close(), Linux unlink(2)."""
import mmap
import os

from fixture import Peer
import syscalls as sc


def unlink_removes_a_name_of_every_kind(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        if kind == "dir":
            t.fails("unlink of a dir", "EISDIR", os.unlink, path)
            t.equal("the dir stays", t.kind("dir"), "dir")
        else:
            t.works(f"unlink of a {kind}", os.unlink, path)
            t.absent(f"unlink of a {kind}", kind)


def unlink_of_what_is_missing(t):
    t.write("f")
    t.fails("a missing name", "ENOENT", os.unlink, t.here("missing"))
    t.fails("in a missing directory", "ENOENT", os.unlink, t.here("missing/f"))
    t.fails("below a file", "ENOTDIR", os.unlink, t.here("f/x"))
    t.fails("an empty path", "ENOENT", os.unlink, "")
    t.fails("a file with a slash", "ENOTDIR", os.unlink, t.here("f/"))
    t.present("the file stays", "f")


def unlink_does_not_follow_a_link(t):
    t.write("f", b"abc")
    os.symlink("f", t.here("l"))
    os.unlink(t.here("l"))
    t.absent("the link", "l")
    t.content("its target", "f", b"abc")


def unlink_of_dot_is_refused(t):
    t.mkdir("d")
    for name in ("d/.", "d/.."):
        t.fails(f"unlink of {name}", "EISDIR|EPERM|EINVAL", os.unlink, t.here(name))


def one_of_two_names_leaves_the_other(t):
    t.write("a", b"abc")
    os.link(t.here("a"), t.here("b"))
    before = t.tick()
    os.unlink(t.here("a"))
    t.absent("the first", "a")
    t.content("the second", "b", b"abc")
    t.equal("names left", t.stat("b").st_nlink, 1)
    t.true("ctime is marked", t.stat("b").st_ctime_ns >= before)


def an_open_file_lives_on_without_its_name(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        os.unlink(t.here("f"))
        t.absent("its name", "f")
        t.equal("read", os.pread(fd, 10, 0), b"abc")
        t.equal("write", os.pwrite(fd, b"defgh", 3), 5)
        t.equal("read again", os.pread(fd, 10, 0), b"abcdefgh")
        os.ftruncate(fd, 2)
        t.equal("size", os.fstat(fd).st_size, 2)
        t.works("fchmod", os.fchmod, fd, 0o600)
        t.works("fsync", os.fsync, fd)
        t.equal("the directory has no other name for it", t.names(), [])


def an_open_file_without_a_name_has_no_links(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        os.unlink(t.here("f"))
        t.equal("nlink", os.fstat(fd).st_nlink, 0)


def a_file_without_a_name_cannot_be_named_again(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        os.unlink(t.here("f"))
        t.fails("link by /proc/self/fd", "ENOENT", sc.linkat, sc.AT_FDCWD, f"/proc/self/fd/{fd}", sc.AT_FDCWD, t.here("g"), sc.AT_SYMLINK_FOLLOW)
        t.absent("the new name", "g")


def its_directory_can_be_removed_meanwhile(t):
    t.mkdir("d")
    t.write("d/f", b"abc")
    with t.opened("d/f") as fd:
        os.unlink(t.here("d/f"))
        t.works("rmdir", os.rmdir, t.here("d"))
        t.absent("rmdir", "d")
        t.equal("read", os.pread(fd, 10, 0), b"abc")


def its_name_can_be_used_by_another_file(t):
    t.write("f", b"old")
    with t.opened("f") as fd:
        os.unlink(t.here("f"))
        t.write("f", b"new file")
        t.content("the name", "f", b"new file")
        t.equal("the descriptor", os.pread(fd, 10, 0), b"old")
        os.pwrite(fd, b"OLD", 0)
        t.content("a write to the old one does not show in the new one", "f", b"new file")
        t.true("they are two files", os.fstat(fd).st_ino != os.lstat(t.here("f")).st_ino)


def a_file_replaced_by_rename_lives_on_while_it_is_open(t):
    t.write("f", b"old")
    t.write("g", b"new")
    with t.opened("f") as fd:
        os.rename(t.here("g"), t.here("f"))
        t.equal("the descriptor", os.pread(fd, 10, 0), b"old")
        t.content("the name", "f", b"new")
        t.equal("names", t.names(), ["f"])


def a_file_that_another_process_has_open_lives_on(t):
    t.write("f", b"abc")

    def reader():
        fd = os.open(t.there("f"), os.O_RDONLY)
        yield os.pread(fd, 10, 0)
        yield os.pread(fd, 10, 0)
        yield os.fstat(fd).st_size

    with Peer(reader) as peer:
        t.equal("before", peer.step(), b"abc")
        os.unlink(t.here("f"))
        t.absent("the name", "f")
        t.equal("read after", peer.step(), b"abc")
        t.equal("fstat after", t.works("fstat after the name is gone", peer.step), 3)


def an_open_directory_lives_on_without_its_name(t):
    fd = os.open(t.mkdir("d"), os.O_RDONLY)
    os.rmdir(t.here("d"))
    t.absent("rmdir", "d")
    t.works("fstat", os.fstat, fd)
    t.equal("its names", os.listdir(fd), [])
    t.fails("a new file in it", "ENOENT", os.open, "f", os.O_CREAT | os.O_WRONLY, dir_fd=fd)
    t.fails("a new directory in it", "ENOENT", os.mkdir, "e", dir_fd=fd)
    t.fails("a new link in it", "ENOENT", os.symlink, "x", "l", dir_fd=fd)


def an_open_directory_without_a_name_has_no_links(t):
    fd = os.open(t.mkdir("d"), os.O_RDONLY)
    os.rmdir(t.here("d"))
    t.equal("nlink", os.fstat(fd).st_nlink, 0)


def a_removed_working_directory_has_nothing(t):
    t.mkdir("d")
    os.chdir(t.here("d"))
    os.rmdir(t.here("d"))
    t.fails("getcwd", "ENOENT", os.getcwd)
    t.fails("a new file", "ENOENT", os.open, "f", os.O_CREAT | os.O_WRONLY)
    t.works("chdir away", os.chdir, "/")


def a_mapping_outlives_name_and_descriptor(t):
    t.write("f", b"abc" + bytes(4093))
    with t.opened("f") as fd:
        view = mmap.mmap(fd, 4096)
    os.unlink(t.here("f"))
    t.equal("what it shows", view[:3], b"abc")
    view[0:3] = b"xyz"
    t.equal("what it takes", view[:4], b"xyz\0")
