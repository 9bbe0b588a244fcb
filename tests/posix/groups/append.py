"""O_APPEND with several writers: POSIX.1-2017 write(), open()."""
import collections
import os

from fixture import Peer

WRITERS, RECORDS = 4, 40


def _appends(path, writer, size):
    """Opens, and in the next step appends its records, each by one write."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    yield "ready"
    for n in range(RECORDS):
        os.write(fd, (b"%d %03d " % (writer, n)).ljust(size - 1, b"x") + b"\n")
    yield "done"


def _all_append(t, size):
    t.write("f")
    peers = [Peer(lambda n=n: _appends(t.here("f") if n % 2 else t.there("f"), n, size)) for n in range(WRITERS)]
    for peer in peers:
        peer.step()
    for peer in peers:
        peer.begin()
    t.equal("all writers end", [peer.answer(40) for peer in peers], ["done"] * WRITERS)
    for peer in peers:
        peer.end()


def _records_are_whole(t, size):
    _all_append(t, size)
    t.equal(f"size with records of {size}", t.size("f"), WRITERS * RECORDS * size)
    lines = t.read("f").split(b"\n")[:-1]
    t.equal(f"records of {size} that are torn", [line[:20] for line in lines if len(line) != size - 1], [])
    order = collections.defaultdict(list)
    for line in lines:
        order[line[:1]].append(line[2:5])
    for writer in range(WRITERS):
        t.equal(f"records of {size} of writer {writer}", order[b"%d" % writer], [b"%03d" % n for n in range(RECORDS)])


def short_records_are_not_lost_or_torn(t):
    _records_are_whole(t, 50)


def records_of_many_pages_are_not_lost_or_torn(t):
    _records_are_whole(t, 9000)


def two_descriptors_append_after_each_other(t):
    t.write("f")
    with t.opened("f", os.O_WRONLY | os.O_APPEND) as one:
        two = os.open(t.there("f"), os.O_WRONLY | os.O_APPEND)
        for n in range(10):
            os.write(one, b"a%d" % n)
            os.write(two, b"b%d" % n)
        expected = b"".join(b"a%db%d" % (n, n) for n in range(10))
        t.content("by turns", "f", expected)


def a_truncated_file_is_appended_from_its_new_end(t):
    t.write("f", b"0123456789")
    with t.opened("f", os.O_WRONLY | os.O_APPEND) as fd:
        os.truncate(t.here("f"), 3)
        os.write(fd, b"abc")
        t.content("after it was cut", "f", b"012abc")
        os.truncate(t.here("f"), 8)
        os.write(fd, b"d")
        t.content("after it grew", "f", b"012abc\0\0d")


def an_offset_does_not_matter(t):
    t.write("f", b"abc")
    with t.opened("f", os.O_RDWR | os.O_APPEND) as fd:
        for offset, whence in ((0, os.SEEK_SET), (1000, os.SEEK_SET), (-1, os.SEEK_END)):
            os.lseek(fd, offset, whence)
            os.write(fd, b"d")
        t.content("lseek", "f", b"abcddd")


def pwrite_appends_too_on_linux(t):
    t.write("f", b"abc")
    with t.opened("f", os.O_RDWR | os.O_APPEND) as fd:
        os.pwrite(fd, b"X", 0)
    t.content("pwrite at 0", "f", b"abcX")
