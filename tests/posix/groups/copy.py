"""copy_file_range: Linux copy_file_range(2)."""
import os

from fixture import outcome


def _files(t, data, target=b""):
    t.write("a", data)
    t.write("b", target)
    return os.open(t.here("a"), os.O_RDONLY), os.open(t.here("b"), os.O_RDWR)


def _copy(source, target, count, at=None, to=None):
    """All of it, since a call may copy less than it is told."""
    done = 0
    while done < count:
        step = os.copy_file_range(source, target, count - done, None if at is None else at + done, None if to is None else to + done)
        if step == 0:
            break
        done += step
    return done


def a_whole_file_is_copied(t):
    data = os.urandom(300_000)
    source, target = _files(t, data)
    t.equal("bytes copied", _copy(source, target, len(data)), len(data))
    t.true("content", t.read("b") == data)
    t.equal("offset of the source", os.lseek(source, 0, os.SEEK_CUR), len(data))
    t.equal("offset of the target", os.lseek(target, 0, os.SEEK_CUR), len(data))


def a_part_goes_where_it_is_told(t):
    data = os.urandom(100_000)
    for at, to, count in ((0, 0, 10), (5, 7, 5000), (4096, 8192, 4096), (99_000, 0, 1000), (1000, 100_000, 3000)):
        source, target = _files(t, data, b"-" * 50_000)
        expected = bytearray(b"-" * 50_000).ljust(max(50_000, to + count), b"\0")
        expected[to:to + count] = data[at:at + count]
        t.equal(f"{count} from {at} to {to}", _copy(source, target, count, at, to), count)
        t.true(f"content of {count} from {at} to {to}", t.read("b") == bytes(expected))
        t.equal("the offset of the source stays", os.lseek(source, 0, os.SEEK_CUR), 0)


def at_the_end_there_is_nothing_to_copy(t):
    source, target = _files(t, b"abc")
    t.equal("across the end", os.copy_file_range(source, target, 100, 1, 0), 2)
    t.equal("at the end", os.copy_file_range(source, target, 100, 3, 0), 0)
    t.equal("past the end", os.copy_file_range(source, target, 100, 1000, 0), 0)
    t.content("target", "b", b"bc")


def within_a_file_parts_must_not_overlap(t):
    t.write("f", bytes(range(200)))
    with t.opened("f") as fd:
        t.fails("overlapping", "EINVAL", os.copy_file_range, fd, fd, 100, 0, 50)
        t.equal("apart", os.copy_file_range(fd, fd, 50, 0, 100), 50)
    t.content("afterwards", "f", bytes(range(100)) + bytes(range(50)) + bytes(range(150, 200)))


def descriptors_must_allow_it(t):
    source, target = _files(t, b"abc")
    reader, writer = os.open(t.here("b"), os.O_RDONLY), os.open(t.here("a"), os.O_WRONLY)
    appender = os.open(t.here("b"), os.O_WRONLY | os.O_APPEND)
    directory = os.open(t.here(), os.O_RDONLY)
    for what, one, two, expected in (("a source for writing only", writer, target, "EBADF"), ("a target for reading only", source, reader, "EBADF"),
                                     ("a target for appending", source, appender, "EBADF"), ("a directory", directory, target, "EISDIR"), ("no descriptor", 999, target, "EBADF")):
        t.equal(what, outcome(os.copy_file_range, one, two, 3), expected)


def the_copy_does_not_follow_its_source(t):
    source, target = _files(t, b"abc" * 5000)
    _copy(source, target, 15_000)
    t.write("a", b"changed")
    t.content("target after the source changed", "b", b"abc" * 5000)
    os.pwrite(target, b"X", 0)
    t.content("source after the target changed", "a", b"changed")


def the_target_is_marked(t):
    source, target = _files(t, b"abc")
    before = t.tick()
    os.copy_file_range(source, target, 3)
    t.true("mtime of the target", t.stat("b").st_mtime_ns >= before)
    t.true("mtime of the source is not", t.stat("a").st_mtime_ns < before)
