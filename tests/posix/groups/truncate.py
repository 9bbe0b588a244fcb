"""truncate and ftruncate: POSIX.1-2017 truncate(), ftruncate(), Linux truncate(2)."""
import os

from fixture import ALICE, BOB, in_child, outcome


def _ways(t):
    """The ways to set a size, by name."""
    def by_descriptor(name, size):
        with t.opened(name, os.O_WRONLY) as fd:
            os.ftruncate(fd, size)
    return {"truncate": lambda name, size: os.truncate(t.here(name), size), "ftruncate": by_descriptor}


def shrinking_keeps_the_beginning(t):
    data = os.urandom(20_000)
    for way, cut in _ways(t).items():
        t.write("f", data)
        for size in (19_999, 8193, 8192, 4095, 1, 0):
            cut("f", size)
            t.equal(f"size by {way} to {size}", t.size("f"), size)
            t.true(f"content by {way} to {size}", t.read("f") == data[:size])


def growing_adds_zeros(t):
    for way, cut in _ways(t).items():
        t.write("f", b"abc")
        for size in (4, 4096, 10_000, 300_000):
            cut("f", size)
            t.equal(f"size by {way} to {size}", t.size("f"), size)
            t.true(f"content by {way} to {size}", t.read("f") == b"abc".ljust(size, b"\0"))


def what_was_cut_off_does_not_come_back(t):
    for way, cut in _ways(t).items():
        for kept in (0, 1, 100, 4096, 5000):
            t.write("f", b"x" * 10_000)
            cut("f", kept)
            cut("f", 10_000)
            t.true(f"zeros after {way} to {kept} and back", t.read("f") == (b"x" * kept).ljust(10_000, b"\0"))


def growing_takes_no_space(t):
    for way, cut in _ways(t).items():
        t.write("f")
        cut("f", 1 << 40)
        t.equal(f"size by {way}", t.size("f"), 1 << 40)
        t.true(f"space by {way}", t.stat("f").st_blocks < 1024, t.stat("f").st_blocks)


def shrinking_gives_space_back(t):
    t.write("f", b"x" * 1_000_000)
    with t.opened("f") as fd:
        os.fsync(fd)
    os.truncate(t.here("f"), 0)
    t.equal("blocks of an empty file", t.stat("f").st_blocks, 0)


def the_same_size_keeps_the_content(t):
    for way, cut in _ways(t).items():
        t.write("f", b"abcdef")
        cut("f", 6)
        t.content(f"{way} to the same size", "f", b"abcdef")


def the_times_are_marked(t):
    for way, cut in _ways(t).items():
        for what, size in (("growing", 10), ("shrinking", 2), ("the same size", 6)):
            t.write("f", b"abcdef")
            before = t.tick()
            cut("f", size)
            t.true(f"{way}, {what}: mtime", t.stat("f").st_mtime_ns >= before)
            t.true(f"{way}, {what}: ctime", t.stat("f").st_ctime_ns >= before)


def the_offset_stays(t):
    t.write("f", b"abcdef")
    with t.opened("f") as fd:
        os.lseek(fd, 4, os.SEEK_SET)
        os.ftruncate(fd, 1)
        t.equal("offset", os.lseek(fd, 0, os.SEEK_CUR), 4)
        os.write(fd, b"X")
    t.content("a write at the old offset", "f", b"a\0\0\0X")


def a_negative_size_is_einval(t):
    for way, cut in _ways(t).items():
        t.write("f", b"abc")
        t.fails(f"{way} to -1", "EINVAL", cut, "f", -1)
        t.content(f"{way} to -1", "f", b"abc")


def truncate_of_what_is_no_file(t):
    for kind, expected in {"dir": "EISDIR", "symlink": "ENOENT", "fifo": "EINVAL", "socket": "EINVAL", "char": "EINVAL", "block": "EINVAL"}.items():
        if kind in t.kinds():
            t.fails(f"truncate of a {kind}", expected, os.truncate, t.make(kind, kind), 0)
    t.fails("truncate of a missing name", "ENOENT", os.truncate, t.here("missing"), 0)


def truncate_follows_a_link(t):
    t.write("f", b"abcdef")
    os.symlink("f", t.here("l"))
    os.truncate(t.here("l"), 2)
    t.content("the target", "f", b"ab")
    t.equal("the link", os.readlink(t.there("l")), "f")


def ftruncate_wants_a_descriptor_for_writing(t):
    t.write("f", b"abc")
    with t.opened("f", os.O_RDONLY) as fd:
        t.fails("O_RDONLY", "EINVAL", os.ftruncate, fd, 0)
    t.fails("no descriptor", "EBADF", os.ftruncate, 999, 0)
    t.content("afterwards", "f", b"abc")


def truncate_wants_the_right_to_write(t):
    t.needs_callers()
    for mode, user, expected in ((0o600, ALICE, "ok"), (0o400, ALICE, "EACCES"), (0o606, BOB, "ok"), (0o604, BOB, "EACCES"), (0o060, ALICE, "EACCES")):
        t.write("f", b"abc", mode)
        os.chown(t.here("f"), ALICE.uid, ALICE.gid)
        who = "the owner" if user is ALICE else "another"
        t.equal(f"mode {mode:o} by {who}", in_child(lambda: outcome(os.truncate, t.here("f"), 1), user), expected)
        t.equal(f"size with mode {mode:o} by {who}", t.size("f"), 1 if expected == "ok" else 3)


def truncate_by_another_takes_set_id_away(t):
    t.needs_callers()
    for mode, left in ((0o6777, 0o777), (0o4777, 0o777), (0o2767, 0o767)):
        t.write("f", b"abc")
        os.chmod(t.here("f"), mode)
        in_child(lambda: os.truncate(t.here("f"), 1), BOB)
        t.mode(f"truncate of mode {mode:o} by another", "f", left)


def ftruncate_shows_at_once_to_another_descriptor(t):
    t.write("f", b"abcdef")
    reader = os.open(t.there("f"), os.O_RDONLY)
    with t.opened("f") as fd:
        for size in (3, 100, 0):
            os.ftruncate(fd, size)
            t.equal(f"fstat of an open descriptor after {size}", os.fstat(reader).st_size, size)
            t.equal(f"read of an open descriptor after {size}", len(os.pread(reader, 1000, 0)), size)
