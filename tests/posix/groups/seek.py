"""lseek, SEEK_DATA and SEEK_HOLE: POSIX.1-2017 lseek(), Linux lseek(2)."""
import errno
import os

BLOCK = 1 << 20


def from_each_whence(t):
    t.write("f", b"0123456789")
    with t.opened("f") as fd:
        for what, offset, whence, expected in (
                ("SEEK_SET 4", 4, os.SEEK_SET, 4), ("SEEK_CUR 3", 3, os.SEEK_CUR, 7), ("SEEK_CUR -2", -2, os.SEEK_CUR, 5), ("SEEK_CUR 0", 0, os.SEEK_CUR, 5),
                ("SEEK_END 0", 0, os.SEEK_END, 10), ("SEEK_END -3", -3, os.SEEK_END, 7), ("SEEK_END 100", 100, os.SEEK_END, 110),
                ("SEEK_SET 0", 0, os.SEEK_SET, 0)):
            t.equal(what, os.lseek(fd, offset, whence), expected)
            t.equal(f"the next read after {what}", os.read(fd, 1), b"0123456789"[expected:expected + 1])
            os.lseek(fd, expected, os.SEEK_SET)


def past_the_end_does_not_change_the_size(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        t.equal("far past the end", os.lseek(fd, 1 << 40, os.SEEK_SET), 1 << 40)
        t.equal("a read there", os.read(fd, 5), b"")
    t.equal("size", t.size("f"), 3)


def before_the_beginning_is_einval(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        os.lseek(fd, 2, os.SEEK_SET)
        t.fails("SEEK_SET -1", "EINVAL", os.lseek, fd, -1, os.SEEK_SET)
        t.fails("SEEK_CUR -3", "EINVAL", os.lseek, fd, -3, os.SEEK_CUR)
        t.fails("SEEK_END -4", "EINVAL", os.lseek, fd, -4, os.SEEK_END)
        t.fails("no such whence", "EINVAL", os.lseek, fd, 0, 9)
        t.equal("the offset stays", os.lseek(fd, 0, os.SEEK_CUR), 2)


def a_fifo_cannot_seek(t):
    t.make("fifo", "p")
    fd = os.open(t.here("p"), os.O_RDONLY | os.O_NONBLOCK)
    for name, whence in {"SEEK_SET": os.SEEK_SET, "SEEK_CUR": os.SEEK_CUR, "SEEK_END": os.SEEK_END}.items():
        t.fails(f"{name} of a FIFO", "ESPIPE", os.lseek, fd, 0, whence)
    t.fails("pread of a FIFO", "ESPIPE", os.pread, fd, 1, 0)


def end_follows_a_change_of_size(t):
    t.write("f", b"abc")
    with t.opened("f", os.O_RDONLY) as fd, t.opened("f", os.O_WRONLY) as other:
        for size in (100, 5000, 1, 0):
            os.ftruncate(other, size)
            t.equal(f"end of {size} bytes", os.lseek(fd, 0, os.SEEK_END), size)


def _sparse(t):
    """Data in the first and third of four blocks, and a size within the fourth."""
    with t.opened("f", os.O_RDWR | os.O_CREAT) as fd:
        os.pwrite(fd, b"a" * BLOCK, 0)
        os.pwrite(fd, b"b" * BLOCK, 2 * BLOCK)
        os.ftruncate(fd, 3 * BLOCK + 1000)
        os.fsync(fd)
    return os.open(t.there("f"), os.O_RDONLY)


def data_and_holes_are_found(t):
    fd = _sparse(t)
    for what, offset, whence, expected in (
            ("data from 0", 0, os.SEEK_DATA, 0), ("data from within data", 100, os.SEEK_DATA, 100), ("data from the hole", BLOCK, os.SEEK_DATA, 2 * BLOCK),
            ("data from within the hole", BLOCK + 5000, os.SEEK_DATA, 2 * BLOCK), ("hole from 0", 0, os.SEEK_HOLE, BLOCK),
            ("hole from within the hole", BLOCK + 77, os.SEEK_HOLE, BLOCK + 77), ("hole from the second data", 2 * BLOCK, os.SEEK_HOLE, 3 * BLOCK)):
        t.equal(what, os.lseek(fd, offset, whence), expected)
    t.fails("data from the last hole", "ENXIO", os.lseek, fd, 3 * BLOCK, os.SEEK_DATA)


def data_and_hole_at_the_end_are_enxio(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        for name, whence in {"SEEK_DATA": os.SEEK_DATA, "SEEK_HOLE": os.SEEK_HOLE}.items():
            t.fails(f"{name} at the end", "ENXIO", os.lseek, fd, 3, whence)
            t.fails(f"{name} past the end", "ENXIO", os.lseek, fd, 1000, whence)
            t.fails(f"{name} before the beginning", "ENXIO", os.lseek, fd, -1, whence)


def there_is_a_hole_at_the_end_of_every_file(t):
    for size in (1, 4096, 5000, 100_000):
        t.write("f", b"x" * size)
        with t.opened("f") as fd:
            t.equal(f"data of {size} bytes", os.lseek(fd, 0, os.SEEK_DATA), 0)
            t.equal(f"hole of {size} bytes", os.lseek(fd, 0, os.SEEK_HOLE), size)
            t.equal("the offset moved there", os.lseek(fd, 0, os.SEEK_CUR), size)


def an_empty_file_has_neither(t):
    t.write("f")
    with t.opened("f") as fd:
        t.fails("SEEK_DATA", "ENXIO", os.lseek, fd, 0, os.SEEK_DATA)
        t.fails("SEEK_HOLE", "ENXIO", os.lseek, fd, 0, os.SEEK_HOLE)


def a_file_that_is_all_hole_has_no_data(t):
    t.write("f")
    os.truncate(t.here("f"), BLOCK)
    fd = os.open(t.there("f"), os.O_RDONLY)
    t.fails("SEEK_DATA", "ENXIO", os.lseek, fd, 0, os.SEEK_DATA)
    t.equal("SEEK_HOLE", os.lseek(fd, 0, os.SEEK_HOLE), 0)


def unwritten_data_counts_as_data_at_once(t):
    with t.opened("f", os.O_RDWR | os.O_CREAT) as fd:
        os.ftruncate(fd, 4 * BLOCK)
        os.pwrite(fd, b"x" * 4096, BLOCK)
        t.equal("data before any sync", os.lseek(fd, 0, os.SEEK_DATA), BLOCK)
        t.equal("hole after it", os.lseek(fd, BLOCK, os.SEEK_HOLE), BLOCK + 4096)


def a_walk_by_data_and_holes_copies_a_sparse_file(t):
    fd = _sparse(t)
    out, position = bytearray(os.fstat(fd).st_size), 0
    while True:
        try:
            start = os.lseek(fd, position, os.SEEK_DATA)
        except OSError as e:
            t.equal("the end of the walk", e.errno, errno.ENXIO)
            break
        position = os.lseek(fd, start, os.SEEK_HOLE)
        out[start:position] = os.pread(fd, position - start, start)
    t.true("the copy is the same", bytes(out) == t.read("f"))
