"""open(2) and its flags: POSIX.1-2017 open(), Linux open(2)."""
import fcntl
import os
import stat

from fixture import ALICE, BOB, ST_NODEV, Peer, in_child, outcome
import syscalls as sc

CREATE = os.O_CREAT | os.O_WRONLY
O_PATH = os.O_PATH
O_TMPFILE = os.O_TMPFILE


def o_creat_makes_an_empty_file(t):
    os.close(t.works("O_CREAT of a free name", os.open, t.here("f"), CREATE, 0o640))
    t.equal("kind", t.kind("f"), "file")
    t.equal("size", t.size("f"), 0)
    t.mode("O_CREAT", "f", 0o640)
    t.equal("names of the file", t.stat("f").st_nlink, 1)
    t.equal("owner", t.stat("f").st_uid, os.geteuid())
    t.equal("names in the directory", t.names(), ["f"])


def o_creat_leaves_a_file_that_exists(t):
    t.write("f", b"old", 0o604)
    os.close(t.works("O_CREAT of a file", os.open, t.here("f"), CREATE, 0o777))
    t.content("O_CREAT of a file", "f", b"old")
    t.mode("O_CREAT of a file", "f", 0o604)


def without_o_creat_a_missing_name_is_enoent(t):
    for name, flags in {"O_RDONLY": os.O_RDONLY, "O_WRONLY": os.O_WRONLY, "O_RDWR": os.O_RDWR, "O_TRUNC": os.O_RDWR | os.O_TRUNC,
                        "O_APPEND": os.O_WRONLY | os.O_APPEND, "O_PATH": O_PATH, "O_DIRECTORY": os.O_DIRECTORY, "O_EXCL": os.O_EXCL}.items():
        t.fails(f"{name} of a missing name", "ENOENT", os.open, t.here("f"), flags)
    t.absent("none of them makes it", "f")


def o_excl_refuses_every_kind_that_exists(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        t.fails(f"O_CREAT and O_EXCL of a {kind}", "EEXIST", os.open, path, CREATE | os.O_EXCL)
        t.equal(f"the {kind} stays", t.kind(kind), kind)
    t.absent("a dangling link is not followed", "nowhere")


def o_excl_makes_what_is_missing(t):
    os.close(t.works("O_CREAT and O_EXCL", os.open, t.here("f"), CREATE | os.O_EXCL, 0o600))
    t.present("O_CREAT and O_EXCL", "f")
    t.fails("the second time", "EEXIST", os.open, t.here("f"), CREATE | os.O_EXCL, 0o600)


def o_excl_lets_one_of_many_win(t):
    def attempts():
        yield [outcome(os.open, t.here(f"f{n}"), CREATE | os.O_EXCL) for n in range(50)]

    with Peer(attempts) as one, Peer(attempts) as two:
        one.begin(), two.begin()
        both = list(zip(one.answer(), two.answer()))
    t.equal("one of two wins each name", {tuple(sorted(p)) for p in both}, {("EEXIST", "ok")})
    t.equal("all names are there", len(t.names()), 50)


def o_trunc_empties_a_file(t):
    for name, flags in {"O_WRONLY": os.O_WRONLY, "O_RDWR": os.O_RDWR, "O_APPEND": os.O_WRONLY | os.O_APPEND, "O_CREAT": CREATE}.items():
        t.write("f", b"x" * 5000, 0o640)
        os.close(t.works(f"O_TRUNC with {name}", os.open, t.here("f"), flags | os.O_TRUNC, 0o777))
        t.equal(f"size after O_TRUNC with {name}", t.size("f"), 0)
        t.content(f"O_TRUNC with {name}", "f", b"")
        t.mode(f"O_TRUNC with {name}", "f", 0o640)


def o_trunc_marks_the_times_of_an_empty_file_too(t):
    t.write("f")
    before = t.tick()
    os.close(os.open(t.here("f"), os.O_WRONLY | os.O_TRUNC))
    t.true("mtime is marked", t.stat("f").st_mtime_ns >= before)
    t.true("ctime is marked", t.stat("f").st_ctime_ns >= before)


def o_append_writes_at_the_end(t):
    t.write("f", b"12345")
    with t.opened("f", os.O_RDWR | os.O_APPEND) as fd:
        t.equal("the offset begins at 0", os.lseek(fd, 0, os.SEEK_CUR), 0)
        os.write(fd, b"67")
        t.equal("the offset is at the end after a write", os.lseek(fd, 0, os.SEEK_CUR), 7)
        os.lseek(fd, 0, os.SEEK_SET)
        t.equal("reading goes by the offset", os.read(fd, 2), b"12")
        os.write(fd, b"89")
    t.content("both writes", "f", b"123456789")


def o_directory_wants_a_directory(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        expected = "ok" if kind == "dir" else "ENOENT" if kind == "symlink" else "ENOTDIR"
        t.equal(f"O_DIRECTORY of a {kind}", outcome(os.open, path, os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK), expected)


def o_directory_follows_a_link_to_a_directory(t):
    t.mkdir("d")
    os.symlink("d", t.here("l"))
    t.works("O_DIRECTORY of a link to a directory", os.open, t.here("l"), os.O_DIRECTORY)
    t.fails("with O_NOFOLLOW", "ENOTDIR|ELOOP", os.open, t.here("l"), os.O_DIRECTORY | os.O_NOFOLLOW)


def o_directory_with_o_creat_is_einval(t):
    t.fails("O_DIRECTORY and O_CREAT", "EINVAL", os.open, t.here("f"), os.O_DIRECTORY | os.O_CREAT)
    t.absent("O_DIRECTORY and O_CREAT", "f")


def a_directory_cannot_be_opened_for_writing(t):
    t.mkdir("d")
    for name, flags in {"O_WRONLY": os.O_WRONLY, "O_RDWR": os.O_RDWR, "O_CREAT": os.O_CREAT, "O_CREAT and O_WRONLY": CREATE,
                        "O_TRUNC": os.O_WRONLY | os.O_TRUNC}.items():
        t.fails(f"{name} of a directory", "EISDIR", os.open, t.here("d"), flags)


def a_directory_descriptor_cannot_read_or_write(t):
    fd = os.open(t.mkdir("d"), os.O_RDONLY)
    t.fails("read of a directory", "EISDIR", os.read, fd, 10)
    t.fails("write to a directory", "EBADF", os.write, fd, b"x")
    t.fails("ftruncate of a directory", "EINVAL", os.ftruncate, fd, 0)


def o_nofollow_refuses_a_last_link_only(t):
    t.mkdir("d")
    t.write("d/f", b"x")
    os.symlink("d/f", t.here("l"))
    os.symlink("d", t.here("dl"))
    t.fails("O_NOFOLLOW of a link to a file", "ELOOP", os.open, t.here("l"), os.O_NOFOLLOW)
    t.fails("O_NOFOLLOW and O_CREAT of a link", "ELOOP", os.open, t.here("l"), CREATE | os.O_NOFOLLOW)
    t.works("O_NOFOLLOW of a file", os.open, t.here("d/f"), os.O_NOFOLLOW)
    t.works("O_NOFOLLOW beyond a link", os.open, t.here("dl/f"), os.O_NOFOLLOW)


def o_creat_through_a_dangling_link_makes_its_target(t):
    os.symlink("target", t.here("l"))
    os.close(t.works("O_CREAT of a dangling link", os.open, t.here("l"), CREATE, 0o644))
    t.equal("the target is a file", t.kind("target"), "file")
    t.equal("the link stays", t.kind("l"), "symlink")


def o_path_gives_a_place_and_no_content(t):
    t.write("f", b"data")
    os.chmod(t.here("f"), 0)
    fd = t.works("O_PATH", os.open, t.here("f"), O_PATH)
    t.equal("fstat of it", os.fstat(fd).st_size, 4)
    for name, call in {"read": lambda: os.read(fd, 1), "write": lambda: os.write(fd, b"x"), "ftruncate": lambda: os.ftruncate(fd, 0),
                       "fchmod": lambda: os.fchmod(fd, 0o600), "fchown": lambda: os.fchown(fd, 0, 0), "lseek": lambda: os.lseek(fd, 0, 0),
                       "fsync": lambda: os.fsync(fd)}.items():
        t.fails(f"{name} of an O_PATH descriptor", "EBADF", call)
    t.mode("O_PATH", "f", 0)


def o_path_and_o_nofollow_open_a_link_itself(t):
    os.symlink("nowhere", t.here("l"))
    fd = t.works("O_PATH and O_NOFOLLOW of a link", os.open, t.here("l"), O_PATH | os.O_NOFOLLOW)
    t.true("it is the link", stat.S_ISLNK(os.fstat(fd).st_mode))
    t.equal("readlink of the descriptor", os.readlink("", dir_fd=fd), "nowhere")


def o_path_of_a_directory_serves_as_a_base(t):
    t.mkdir("d")
    t.write("d/f", b"abc")
    fd = os.open(t.here("d"), O_PATH | os.O_DIRECTORY)
    inner = t.works("open below it", os.open, "f", os.O_RDONLY, dir_fd=fd)
    t.equal("its content", os.read(inner, 10), b"abc")
    os.mkdir("e", dir_fd=fd)
    t.equal("mkdir below it", t.kind("d/e"), "dir")


def the_access_mode_decides_what_a_descriptor_can_do(t):
    t.write("f", b"abc")
    for name, flags, read, write in (("O_RDONLY", os.O_RDONLY, "ok", "EBADF"), ("O_WRONLY", os.O_WRONLY, "EBADF", "ok"), ("O_RDWR", os.O_RDWR, "ok", "ok")):
        with t.opened("f", flags) as fd:
            t.equal(f"read with {name}", outcome(os.read, fd, 1), read)
            t.equal(f"write with {name}", outcome(os.pwrite, fd, b"a", 0), write)
            t.equal(f"ftruncate with {name}", outcome(os.ftruncate, fd, 3), "EINVAL" if write == "EBADF" else "ok")
    t.content("after all of them", "f", b"abc")


def a_descriptor_keeps_its_rights_when_the_mode_changes(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        os.chmod(t.here("f"), 0)
        t.equal("read", os.pread(fd, 3, 0), b"abc")
        t.equal("write", outcome(os.pwrite, fd, b"x", 0), "ok")
        os.fchmod(fd, 0o644)
    t.content("what was written", "f", b"xbc")


def o_creat_with_a_mode_without_rights_still_writes(t):
    with t.opened("f", CREATE, 0) as fd:
        t.equal("write", os.write(fd, b"abc"), 3)
    t.mode("mode 0", "f", 0)
    t.equal("size", t.size("f"), 3)


def o_tmpfile_makes_a_file_without_a_name(t):
    fd = t.works("O_TMPFILE", os.open, t.here(), O_TMPFILE | os.O_RDWR, 0o640)
    t.equal("no name", t.names(), [])
    t.equal("nlink", os.fstat(fd).st_nlink, 0)
    t.equal("mode", stat.S_IMODE(os.fstat(fd).st_mode), 0o640)
    os.write(fd, b"abc")
    t.equal("its content", os.pread(fd, 9, 0), b"abc")


def o_tmpfile_can_be_given_a_name(t):
    fd = t.works("O_TMPFILE", os.open, t.here(), O_TMPFILE | os.O_RDWR, 0o640)
    os.write(fd, b"abc")
    t.works("link by /proc/self/fd", sc.linkat, sc.AT_FDCWD, f"/proc/self/fd/{fd}", sc.AT_FDCWD, t.here("f"), sc.AT_SYMLINK_FOLLOW)
    t.content("after the link", "f", b"abc")
    t.equal("nlink", t.stat("f").st_nlink, 1)


def o_tmpfile_with_o_excl_stays_without_a_name(t):
    fd = t.works("O_TMPFILE and O_EXCL", os.open, t.here(), O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o640)
    t.fails("link", "ENOENT", sc.linkat, sc.AT_FDCWD, f"/proc/self/fd/{fd}", sc.AT_FDCWD, t.here("f"), sc.AT_SYMLINK_FOLLOW)


def o_tmpfile_wants_a_directory_and_writing(t):
    t.write("f")
    t.fails("O_TMPFILE of a file", "ENOTDIR", os.open, t.here("f"), O_TMPFILE | os.O_RDWR)
    t.fails("O_TMPFILE of a missing name", "ENOENT", os.open, t.here("g"), O_TMPFILE | os.O_RDWR)
    t.fails("O_TMPFILE and O_RDONLY", "EINVAL", os.open, t.here(), O_TMPFILE | os.O_RDONLY)


def a_socket_cannot_be_opened(t):
    t.make("socket", "s")
    for name, flags in {"O_RDONLY": os.O_RDONLY, "O_WRONLY": os.O_WRONLY, "O_RDWR": os.O_RDWR}.items():
        t.fails(f"{name} of a socket", "ENXIO", os.open, t.here("s"), flags)
    t.works("O_PATH of a socket", os.open, t.here("s"), O_PATH)


def a_fifo_for_writing_wants_a_reader_if_it_must_not_wait(t):
    t.make("fifo", "p")
    t.fails("O_WRONLY and O_NONBLOCK without a reader", "ENXIO", os.open, t.here("p"), os.O_WRONLY | os.O_NONBLOCK)
    reader = t.works("O_RDONLY and O_NONBLOCK", os.open, t.here("p"), os.O_RDONLY | os.O_NONBLOCK)
    writer = t.works("O_WRONLY and O_NONBLOCK with a reader", os.open, t.here("p"), os.O_WRONLY | os.O_NONBLOCK)
    os.write(writer, b"through")
    t.equal("what goes through", os.read(reader, 99), b"through")
    t.equal("a FIFO has no size", t.size("p"), 0)


def a_device_is_what_its_number_says(t):
    t.needs_root()
    t.needs_flag_off(ST_NODEV, "nodev")
    t.make("char", "null")
    fd = t.works("open of a null device", os.open, t.here("null"), os.O_RDWR)
    t.equal("a write goes nowhere", os.write(fd, b"abc"), 3)
    t.equal("a read is at the end", os.read(fd, 3), b"")


def fcntl_tells_the_flags_of_open(t):
    t.write("f")
    for name in ("O_APPEND", "O_NONBLOCK", "O_SYNC", "O_DSYNC", "O_NOATIME"):
        flag = getattr(os, name)
        fd = t.works(f"open with {name}", os.open, t.here("f"), os.O_RDWR | flag)
        t.equal(f"F_GETFL shows {name}", fcntl.fcntl(fd, fcntl.F_GETFL) & flag, flag)
        os.close(fd)
    fd = os.open(t.here("f"), os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    t.equal("F_GETFL forgets O_CREAT and O_TRUNC", fcntl.fcntl(fd, fcntl.F_GETFL) & (os.O_CREAT | os.O_TRUNC), 0)


def o_append_can_be_set_and_taken_away_by_fcntl(t):
    t.write("f", b"12345")
    with t.opened("f", os.O_RDWR) as fd:
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_APPEND)
        os.write(fd, b"6")
        t.content("with O_APPEND", "f", b"123456")
        fcntl.fcntl(fd, fcntl.F_SETFL, flags)
        os.lseek(fd, 0, os.SEEK_SET)
        os.write(fd, b"a")
    t.content("without it again", "f", b"a23456")


def o_noatime_is_for_the_owner(t):
    t.needs_callers()
    t.write("f", b"x", 0o666)
    os.chown(t.here("f"), ALICE.uid, ALICE.gid)
    for name, user, expected in (("the owner", ALICE, "ok"), ("another", BOB, "EPERM"), ("root", None, "ok")):
        t.equal(f"O_NOATIME by {name}", in_child(lambda: outcome(os.open, t.here("f"), os.O_NOATIME), user), expected)
