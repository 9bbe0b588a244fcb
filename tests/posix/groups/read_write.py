"""read, write, pread, pwrite, readv, writev, preadv2, pwritev2: POSIX.1-2017 and the Linux pages of these names."""
import os
import signal

from fixture import ALICE, in_child, outcome


def what_is_written_is_read(t):
    for size in (1, 511, 512, 4095, 4096, 4097, 65536, 131071, 131072, 131073, 1 << 20, (1 << 20) + 1):
        data = os.urandom(size)
        t.write("f", data)
        t.true(f"content of {size} bytes", t.read("f") == data)
        t.equal(f"size of {size} bytes", t.size("f"), size)


def every_byte_is_kept(t):
    data = bytes(range(256))
    t.write("f", data)
    t.content("all 256 bytes", "f", data)


def reading_moves_the_offset_and_ends_with_nothing(t):
    t.write("f", b"abcdefghij")
    with t.opened("f", os.O_RDONLY) as fd:
        t.equal("first part", os.read(fd, 4), b"abcd")
        t.equal("second part", os.read(fd, 4), b"efgh")
        t.equal("a short rest", os.read(fd, 4), b"ij")
        t.equal("at the end", os.read(fd, 4), b"")
        t.equal("still at the end", os.read(fd, 4), b"")
        t.equal("offset", os.lseek(fd, 0, os.SEEK_CUR), 10)


def a_read_of_nothing_gives_nothing(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        t.equal("read of 0 bytes", os.read(fd, 0), b"")
        t.equal("pread of 0 bytes", os.pread(fd, 0, 1), b"")
        t.equal("pread at the end", os.pread(fd, 5, 3), b"")
        t.equal("pread past the end", os.pread(fd, 5, 1 << 40), b"")


def a_write_of_nothing_changes_nothing(t):
    t.write("f", b"abc")
    before = t.stat("f")
    t.tick()
    with t.opened("f") as fd:
        t.equal("write of 0 bytes", os.write(fd, b""), 0)
        t.equal("pwrite of 0 bytes past the end", os.pwrite(fd, b"", 100), 0)
    after = t.stat("f")
    t.equal("size", after.st_size, 3)
    t.equal("mtime", after.st_mtime_ns, before.st_mtime_ns)
    t.equal("ctime", after.st_ctime_ns, before.st_ctime_ns)


def an_overwrite_keeps_what_is_around_it(t):
    t.write("f", b"abcdefghij")
    with t.opened("f") as fd:
        os.lseek(fd, 3, os.SEEK_SET)
        t.equal("bytes written", os.write(fd, b"XYZ"), 3)
        t.equal("offset", os.lseek(fd, 0, os.SEEK_CUR), 6)
    t.content("overwrite in the middle", "f", b"abcXYZghij")


def an_overwrite_across_pages_keeps_what_is_around_it(t):
    data = bytearray(os.urandom(40000))
    t.write("f", bytes(data))
    for offset, size in ((0, 1), (4095, 2), (4096, 4096), (8191, 8194), (39999, 1), (39990, 100), (20000, 3)):
        piece = os.urandom(size)
        with t.opened("f") as fd:
            os.pwrite(fd, piece, offset)
        data[offset:offset + size] = piece
        t.true(f"{size} bytes at {offset}", t.read("f") == bytes(data))


def pread_and_pwrite_leave_the_offset(t):
    t.write("f", b"abcdefghij")
    with t.opened("f") as fd:
        os.lseek(fd, 2, os.SEEK_SET)
        t.equal("pread", os.pread(fd, 3, 5), b"fgh")
        t.equal("pwrite", os.pwrite(fd, b"XX", 8), 2)
        t.equal("offset", os.lseek(fd, 0, os.SEEK_CUR), 2)
    t.content("pwrite", "f", b"abcdefghXX")


def negative_offsets_are_einval(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        t.fails("pread at -1", "EINVAL", os.pread, fd, 1, -1)
        t.fails("pwrite at -1", "EINVAL", os.pwrite, fd, b"x", -1)
    t.content("afterwards", "f", b"abc")


def a_write_past_the_end_leaves_zeros_between(t):
    t.write("f", b"abc")
    for offset in (10, 5000, 70000, 1 << 20):
        with t.opened("f") as fd:
            os.pwrite(fd, b"end", offset)
        t.equal(f"size after a write at {offset}", t.size("f"), offset + 3)
        with open(t.there("f"), "rb", buffering=0) as f:
            t.equal(f"byte before {offset}", os.pread(f.fileno(), 4, offset - 1), b"\0end")
    data = t.read("f")
    t.equal("the beginning stays", data[:3], b"abc")
    t.true("zeros between", not any(data[3:10]) and not any(data[13:5000]))


def a_sparse_file_can_be_written_far_out(t):
    for power in (31, 32, 33, 40, 43):
        with t.opened(f"f{power}", os.O_RDWR | os.O_CREAT) as fd:
            t.equal(f"write at 2^{power}", os.pwrite(fd, b"far", 1 << power), 3)
        t.equal(f"size with 2^{power}", t.size(f"f{power}"), (1 << power) + 3)
        with open(t.there(f"f{power}"), "rb", buffering=0) as f:
            t.equal(f"read at 2^{power}", os.pread(f.fileno(), 9, (1 << power) - 2), b"\0\0far")
        t.true(f"space with 2^{power}", t.stat(f"f{power}").st_blocks * 512 <= 1 << 20, t.stat(f"f{power}").st_blocks)


def writev_and_readv_go_through_their_buffers_in_order(t):
    with t.opened("f", os.O_RDWR | os.O_CREAT) as fd:
        t.equal("writev", os.writev(fd, [b"abc", b"", b"defg", b"h"]), 8)
        os.lseek(fd, 0, os.SEEK_SET)
        parts = [bytearray(2), bytearray(5), bytearray(4)]
        t.equal("readv", os.readv(fd, parts), 8)
        t.equal("parts", [bytes(p) for p in parts], [b"ab", b"cdefg", b"h\0\0\0"])
    t.content("writev", "f", b"abcdefgh")


def writev_with_many_buffers_is_one_write(t):
    with t.opened("f", os.O_RDWR | os.O_CREAT | os.O_APPEND) as fd:
        t.equal("1024 buffers", os.writev(fd, [b"%04d" % n for n in range(1024)]), 4096)
        t.fails("1025 buffers", "EINVAL", os.writev, fd, [b"x"] * 1025)
    t.content("1024 buffers", "f", b"".join(b"%04d" % n for n in range(1024)))


def preadv_and_pwritev_go_by_their_offset(t):
    t.write("f", b"0123456789")
    with t.opened("f") as fd:
        t.equal("pwritev", os.pwritev(fd, [b"AB", b"C"], 3), 3)
        parts = [bytearray(4), bytearray(4)]
        t.equal("preadv", os.preadv(fd, parts, 1), 8)
        t.equal("parts", [bytes(p) for p in parts], [b"12AB", b"C678"])
        t.equal("offset", os.lseek(fd, 0, os.SEEK_CUR), 0)


def pwritev2_with_dsync_and_sync_writes(t):
    with t.opened("f", os.O_RDWR | os.O_CREAT) as fd:
        t.equal("RWF_DSYNC", os.pwritev(fd, [b"abc"], 0, os.RWF_DSYNC), 3)
        t.equal("RWF_SYNC", os.pwritev(fd, [b"def"], 3, os.RWF_SYNC), 3)
    t.content("both", "f", b"abcdef")


def pwritev2_with_append_goes_to_the_end(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        t.equal("RWF_APPEND", os.pwritev(fd, [b"def"], 0, os.RWF_APPEND), 3)
    t.content("RWF_APPEND", "f", b"abcdef")


def o_sync_and_o_dsync_write_as_usual(t):
    for name in ("O_SYNC", "O_DSYNC"):
        with t.opened(name, os.O_RDWR | os.O_CREAT | getattr(os, name)) as fd:
            t.equal(f"write with {name}", os.write(fd, b"abc"), 3)
            t.content(f"{name}", name, b"abc")


def two_descriptors_of_a_file_see_each_other(t):
    t.write("f", b"abc")
    with t.opened("f") as one, t.opened("f") as two:
        os.write(one, b"X")
        t.equal("the other reads it", os.read(two, 3), b"Xbc")
        t.equal("offsets are their own", os.lseek(one, 0, os.SEEK_CUR), 1)
        os.ftruncate(two, 1)
        t.equal("the first sees the end", os.pread(one, 3, 0), b"X")


def a_duplicate_shares_the_offset(t):
    t.write("f", b"abcdef")
    with t.opened("f") as fd:
        other = os.dup(fd)
        os.read(fd, 2)
        t.equal("read by the duplicate", os.read(other, 2), b"cd")
        t.equal("offset of the first", os.lseek(fd, 0, os.SEEK_CUR), 4)


def a_forked_child_shares_the_offset(t):
    t.write("f", b"abcdef")
    with t.opened("f") as fd:
        t.equal("read by the child", in_child(lambda: os.read(fd, 2)), b"ab")
        t.equal("read after it", os.read(fd, 2), b"cd")


def what_is_written_shows_before_it_is_closed(t):
    with t.opened("f", os.O_RDWR | os.O_CREAT) as fd:
        for n in range(1, 6):
            os.write(fd, b"x" * 1000)
            t.equal(f"size after write {n}", t.size("f"), n * 1000)
            t.content(f"after write {n}", "f", b"x" * 1000 * n)


def an_open_reader_sees_what_is_appended(t):
    t.write("f", b"abc")
    reader = os.open(t.there("f"), os.O_RDONLY)
    t.equal("at first", os.read(reader, 10), b"abc")
    with t.opened("f", os.O_WRONLY | os.O_APPEND) as fd:
        os.write(fd, b"def")
        t.equal("what came after", os.read(reader, 10), b"def")


def an_open_reader_sees_an_overwrite_in_place(t):
    t.write("f", b"abcdef")
    reader = os.open(t.there("f"), os.O_RDONLY)
    t.equal("at first", os.pread(reader, 10, 0), b"abcdef")
    t.tick()
    with t.opened("f") as fd:
        os.pwrite(fd, b"XY", 2)
        t.equal("afterwards", os.pread(reader, 10, 0), b"abXYef")


def write_by_another_user_goes_by_the_open(t):
    t.needs_callers()
    t.write("f", b"", 0o600)
    with t.opened("f") as fd:
        t.equal("an inherited descriptor writes", in_child(lambda: os.write(fd, b"abc"), ALICE), 3)
        t.equal("the name does not open", in_child(lambda: outcome(os.open, t.here("f"), os.O_RDONLY), ALICE), "EACCES")
    t.content("what the other wrote", "f", b"abc")


def copies_by_sendfile_and_splice(t):
    data = os.urandom(100_000)
    t.write("f", data)
    source, target = os.open(t.here("f"), os.O_RDONLY), os.open(t.here("g"), os.O_RDWR | os.O_CREAT)
    t.equal("sendfile", os.sendfile(target, source, 0, 60_000), 60_000)
    t.true("what sendfile copied", t.read("g") == data[:60_000])
    reader, writer = os.pipe()
    t.equal("splice from the file", os.splice(source, writer, 4096, 60_000), 4096)
    t.equal("splice to the file", os.splice(reader, target, 4096, None, 60_000), 4096)
    t.true("what splice copied", t.read("g") == data[:64_096])


def a_signal_does_not_cut_a_write_short(t):
    got = []
    signal.signal(signal.SIGALRM, lambda *_: got.append(1))
    data = os.urandom(1 << 20)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    with t.opened("f", os.O_RDWR | os.O_CREAT) as fd:
        written = sum(os.write(fd, data[n:n + 65536]) for n in range(0, len(data), 65536))
    signal.setitimer(signal.ITIMER_REAL, 0)
    t.equal("bytes written", written, len(data))
    t.true("content", t.read("f") == data)
