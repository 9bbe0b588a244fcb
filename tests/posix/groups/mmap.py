"""Mapped files: POSIX.1-2017 mmap(), msync(), munmap(), Linux mmap(2)."""
import mmap
import os
import signal

from fixture import Peer, outcome

PAGE = mmap.PAGESIZE
SHARED, PRIVATE, READ, WRITE = mmap.MAP_SHARED, mmap.MAP_PRIVATE, mmap.PROT_READ, mmap.PROT_WRITE


def a_mapping_shows_the_file(t):
    data = os.urandom(3 * PAGE + 100)
    t.write("f", data)
    for name, kind in (("shared", SHARED), ("private", PRIVATE)):
        with open(t.there("f"), "rb") as f, mmap.mmap(f.fileno(), 0, kind, READ) as view:
            t.equal(f"length of a {name} mapping", len(view), len(data))
            t.true(f"content of a {name} mapping", view[:] == data)


def what_is_written_to_a_shared_mapping_is_in_the_file(t):
    t.write("f", b"a" * (2 * PAGE))
    with t.opened("f") as fd, mmap.mmap(fd, 0, SHARED) as view:
        view[10:13] = b"XYZ"
        view[PAGE - 1:PAGE + 1] = b"--"
        t.equal("read of the same descriptor", os.pread(fd, 5, 9), b"aXYZa")
        t.works("msync", view.flush)
        t.content("after msync", "f", b"a" * 10 + b"XYZ" + b"a" * (PAGE - 14) + b"--" + b"a" * (PAGE - 1))
        t.equal("size", t.size("f"), 2 * PAGE)


def what_is_mapped_is_kept_after_all_is_closed(t):
    t.write("f", bytes(PAGE))
    with t.opened("f") as fd:
        view = mmap.mmap(fd, 0, SHARED)
    view[0:5] = b"later"
    view.flush()
    view.close()
    t.equal("after munmap", t.read("f")[:6], b"later\0")


def a_write_shows_in_a_shared_mapping(t):
    t.write("f", bytes(2 * PAGE))
    with t.opened("f") as fd, mmap.mmap(fd, 0, SHARED) as view:
        os.pwrite(fd, b"abc", 5)
        t.equal("pwrite", view[4:9], b"\0abc\0")
        with t.opened("f", os.O_WRONLY) as other:
            os.pwrite(other, b"def", PAGE)
        t.equal("pwrite by another descriptor", view[PAGE:PAGE + 4], b"def\0")


def a_private_mapping_keeps_what_is_written_to_itself(t):
    t.write("f", b"a" * PAGE)
    with t.opened("f", os.O_RDONLY) as fd, mmap.mmap(fd, 0, PRIVATE, READ | WRITE) as view:
        view[0:3] = b"XYZ"
        t.equal("in the mapping", view[:4], b"XYZa")
    t.content("in the file", "f", b"a" * PAGE)


def two_processes_share_a_mapping(t):
    t.write("f", bytes(PAGE))

    def other():
        with t.opened("f") as fd, mmap.mmap(fd, 0, SHARED) as view:
            yield "ready"
            yield view[:5]
            view[10:15] = b"there"
            yield "written"

    with t.opened("f") as fd, mmap.mmap(fd, 0, SHARED) as view, Peer(other) as peer:
        peer.step()
        view[0:5] = b"hello"
        t.equal("the other sees it", peer.step(), b"hello")
        peer.step()
        t.equal("and writes", view[10:15], b"there")


def the_rest_of_the_last_page_is_zero_and_not_kept(t):
    t.write("f", b"abc" + b"x" * (PAGE - 3))
    with t.opened("f") as fd, mmap.mmap(fd, PAGE, SHARED) as view:
        os.ftruncate(fd, 3)
        t.equal("after the end", view[3:10], bytes(7))
        view[3:6] = b"new"
        view.flush()
    t.content("after a write past the end", "f", b"abc")
    os.truncate(t.here("f"), 10)
    t.content("after it grew", "f", b"abc" + bytes(7))


def _touches(t, offset):
    """The number of the signal that a process gets which reads there, or 0."""
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGBUS, signal.SIG_DFL)
        with t.opened("f") as fd:
            view = mmap.mmap(fd, 0, SHARED)
            os.ftruncate(fd, 1)
            os._exit(view[offset] * 0)
    return -os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def a_page_beyond_the_end_is_sigbus(t):
    t.write("f", b"x" * (3 * PAGE))
    t.equal("the first page", _touches(t, PAGE - 1), 0)
    t.write("f", b"x" * (3 * PAGE))
    t.equal("the second page after the file was cut to a byte", _touches(t, PAGE), signal.SIGBUS)


def a_file_that_grows_shows_its_new_part(t):
    t.write("f", b"x" * PAGE)
    with t.opened("f") as fd:
        os.ftruncate(fd, 4 * PAGE)
        with mmap.mmap(fd, 4 * PAGE, SHARED) as view:
            view[3 * PAGE:3 * PAGE + 3] = b"end"
            view.flush()
    t.equal("at the end", t.read("f")[3 * PAGE:3 * PAGE + 4], b"end\0")


def a_mapping_at_an_offset(t):
    t.write("f", b"a" * PAGE + b"b" * PAGE + b"c" * PAGE)
    with t.opened("f") as fd, mmap.mmap(fd, PAGE, SHARED, offset=PAGE) as view:
        t.true("content", view[:] == b"b" * PAGE)
        view[0:1] = b"X"
        view.flush()
    t.equal("in the file", t.read("f")[PAGE - 1:PAGE + 2], b"aXb")


def a_sparse_file_can_be_mapped(t):
    t.write("f")
    os.truncate(t.here("f"), 64 * PAGE)
    with t.opened("f") as fd, mmap.mmap(fd, 0, SHARED) as view:
        t.equal("a hole", view[30 * PAGE:30 * PAGE + 4], bytes(4))
        view[30 * PAGE:30 * PAGE + 4] = b"data"
        view.flush()
    data = t.read("f")
    t.equal("what was written", data[30 * PAGE:30 * PAGE + 4], b"data")
    t.true("zeros around", not any(data[:30 * PAGE]) and not any(data[30 * PAGE + 4:]))


def the_descriptor_must_allow_it(t):
    t.write("f", bytes(PAGE))
    for name, flags, kind, rights, expected in (("O_RDONLY shared for reading", os.O_RDONLY, SHARED, READ, "ok"),
                                                ("O_RDONLY shared for writing", os.O_RDONLY, SHARED, READ | WRITE, "EACCES"),
                                                ("O_RDONLY private for writing", os.O_RDONLY, PRIVATE, READ | WRITE, "ok"),
                                                ("O_WRONLY shared", os.O_WRONLY, SHARED, WRITE, "EACCES"),
                                                ("O_WRONLY private", os.O_WRONLY, PRIVATE, READ, "EACCES"), ("O_RDWR shared for writing", os.O_RDWR, SHARED, READ | WRITE, "ok")):
        with t.opened("f", flags) as fd:
            t.equal(name, outcome(mmap.mmap, fd, PAGE, kind, rights), expected)


def an_appending_descriptor_can_be_mapped(t):
    t.write("f", bytes(PAGE))
    with t.opened("f", os.O_RDWR | os.O_APPEND) as fd:
        with t.works("shared mapping with O_APPEND", mmap.mmap, fd, PAGE, SHARED) as view:
            view[0:3] = b"abc"
            view.flush()
    t.equal("what was written", t.read("f")[:4], b"abc\0")


def what_is_no_file_cannot_be_mapped(t):
    t.mkdir("d")
    with t.opened("d", os.O_RDONLY) as fd:
        t.fails("a directory", "ENODEV", mmap.mmap, fd, PAGE, PRIVATE, READ)
    t.make("fifo", "p")
    with t.opened("p", os.O_RDWR) as fd:
        t.fails("a FIFO", "ENODEV", mmap.mmap, fd, PAGE, PRIVATE, READ)


def writing_to_a_mapping_marks_the_times(t):
    t.write("f", bytes(PAGE))
    with t.opened("f") as fd, mmap.mmap(fd, 0, SHARED) as view:
        before = t.tick()
        view[0:1] = b"x"
        view.flush()
        t.true("mtime after msync", t.stat("f").st_mtime_ns >= before)
        t.true("ctime after msync", t.stat("f").st_ctime_ns >= before)


def a_write_from_a_mapping_of_the_same_file(t):
    t.write("f", b"a" * PAGE + b"b" * PAGE)
    with t.opened("f") as fd, mmap.mmap(fd, 0, SHARED) as view:
        t.equal("pwrite", os.pwrite(fd, memoryview(view)[PAGE:], 0), PAGE)
    t.content("afterwards", "f", b"b" * (2 * PAGE))
