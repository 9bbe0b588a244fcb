"""O_DIRECT: Linux open(2), its NOTES."""
import fcntl
import mmap
import os

BLOCK = 4096


def _buffer(data=b"", size=0):
    """Memory at the beginning of a page, as direct I/O wants it."""
    memory = mmap.mmap(-1, size or len(data))
    memory[:len(data)] = data
    return memory


def what_is_written_is_read(t):
    data = os.urandom(16 * BLOCK)
    with t.opened("f", os.O_RDWR | os.O_CREAT | os.O_DIRECT) as fd:
        t.equal("written", os.pwritev(fd, [_buffer(data)], 0), len(data))
        memory = _buffer(size=len(data))
        t.equal("read", os.preadv(fd, [memory], 0), len(data))
        t.true("by direct I/O", memory[:] == data)
    t.true("by buffered I/O", t.read("f") == data)
    t.equal("size", t.size("f"), len(data))


def buffered_writes_show_in_direct_reads(t):
    t.write("f", b"a" * (4 * BLOCK))
    with t.opened("f", os.O_RDWR) as buffered, t.opened("f", os.O_RDONLY | os.O_DIRECT) as direct:
        for n, word in enumerate((b"one", b"two", b"three")):
            os.pwrite(buffered, word, n * BLOCK)
            memory = _buffer(size=BLOCK)
            os.preadv(direct, [memory], n * BLOCK)
            t.equal(f"direct read of {word.decode()}", memory[:len(word)], word)


def direct_writes_show_in_buffered_reads(t):
    t.write("f", b"a" * (4 * BLOCK))
    with t.opened("f", os.O_RDONLY) as buffered, t.opened("f", os.O_RDWR | os.O_DIRECT) as direct:
        t.equal("first into the cache", os.pread(buffered, 1, BLOCK), b"a")
        os.pwritev(direct, [_buffer(b"b" * BLOCK)], BLOCK)
        t.true("buffered read", os.pread(buffered, 3 * BLOCK, 0) == b"a" * BLOCK + b"b" * BLOCK + b"a" * BLOCK)


def a_read_ends_at_the_end_of_the_file(t):
    t.write("f", b"x" * (BLOCK + 100))
    with t.opened("f", os.O_RDONLY | os.O_DIRECT) as fd:
        memory = _buffer(size=2 * BLOCK)
        t.equal("bytes read", os.preadv(fd, [memory], 0), BLOCK + 100)
        t.true("content", memory[:BLOCK + 100] == b"x" * (BLOCK + 100))
        t.equal("past the end", os.preadv(fd, [memory], 2 * BLOCK), 0)


def a_write_past_the_end_leaves_zeros_between(t):
    with t.opened("f", os.O_RDWR | os.O_CREAT | os.O_DIRECT) as fd:
        os.pwritev(fd, [_buffer(b"b" * BLOCK)], 4 * BLOCK)
    t.true("content", t.read("f") == bytes(4 * BLOCK) + b"b" * BLOCK)


def the_offset_moves(t):
    with t.opened("f", os.O_RDWR | os.O_CREAT | os.O_DIRECT) as fd:
        for n in range(3):
            os.writev(fd, [_buffer(b"%d" % n * BLOCK)])
            t.equal(f"after write {n}", os.lseek(fd, 0, os.SEEK_CUR), (n + 1) * BLOCK)
    t.true("content", t.read("f") == b"0" * BLOCK + b"1" * BLOCK + b"2" * BLOCK)


def it_can_be_set_by_fcntl(t):
    t.write("f", b"a" * BLOCK)
    with t.opened("f", os.O_RDWR) as fd:
        t.works("set", fcntl.fcntl, fd, fcntl.F_SETFL, os.O_DIRECT)
        t.equal("it is set", fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT, os.O_DIRECT)
        os.pwritev(fd, [_buffer(b"b" * BLOCK)], 0)
    t.true("content", t.read("f") == b"b" * BLOCK)


def appending_goes_to_the_end(t):
    t.write("f", b"a" * BLOCK)
    with t.opened("f", os.O_WRONLY | os.O_DIRECT | os.O_APPEND) as fd:
        os.writev(fd, [_buffer(b"b" * BLOCK)])
    t.true("content", t.read("f") == b"a" * BLOCK + b"b" * BLOCK)


def the_times_are_marked(t):
    t.write("f", b"a" * BLOCK)
    before = t.tick()
    with t.opened("f", os.O_WRONLY | os.O_DIRECT) as fd:
        os.pwritev(fd, [_buffer(b"b" * BLOCK)], 0)
    t.true("mtime", t.stat("f").st_mtime_ns >= before)
    t.true("ctime", t.stat("f").st_ctime_ns >= before)
