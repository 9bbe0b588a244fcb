"""fallocate and its modes: Linux fallocate(2), POSIX.1-2017 posix_fallocate()."""
import os

from syscalls import FALLOC_COLLAPSE, FALLOC_INSERT, FALLOC_KEEP_SIZE, FALLOC_PUNCH_HOLE, FALLOC_ZERO, fallocate

PUNCH = FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE
DATA = b"x" * 65536


def _file(t, data=DATA):
    t.write("f", data)
    return os.open(t.here("f"), os.O_RDWR)


def the_default_grows_the_file(t):
    fd = _file(t, b"abc")
    t.works("beyond the end", fallocate, fd, 0, 0, 10_000)
    t.equal("size", t.size("f"), 10_000)
    t.true("content", t.read("f") == b"abc".ljust(10_000, b"\0"))
    t.works("within the file", fallocate, fd, 0, 10, 20)
    t.equal("size stays", t.size("f"), 10_000)
    t.works("far beyond the end", fallocate, fd, 0, 1_000_000, 24)
    t.equal("offset and length count", t.size("f"), 1_000_024)


def posix_fallocate_grows_the_file(t):
    fd = _file(t, b"abc")
    t.works("posix_fallocate", os.posix_fallocate, fd, 2, 100)
    t.equal("size", t.size("f"), 102)
    t.equal("the beginning", t.read("f")[:4], b"abc\0")


def what_is_there_stays(t):
    fd = _file(t)
    fallocate(fd, 0, 0, 65536)
    t.content("the default", "f", DATA)
    fallocate(fd, FALLOC_KEEP_SIZE, 0, 65536)
    t.content("KEEP_SIZE", "f", DATA)


def keep_size_does_not_grow_the_file(t):
    fd = _file(t, b"abc")
    t.works("KEEP_SIZE", fallocate, fd, FALLOC_KEEP_SIZE, 0, 1_000_000)
    t.equal("size", t.size("f"), 3)
    t.content("KEEP_SIZE", "f", b"abc")
    os.pwrite(fd, b"end", 500_000)
    t.equal("size after a write there", t.size("f"), 500_003)


def allocated_space_counts_as_blocks(t):
    fd = _file(t, b"")
    fallocate(fd, 0, 0, 1 << 20)
    t.true("blocks of 1 MiB", t.stat("f").st_blocks * 512 >= 1 << 20, t.stat("f").st_blocks)


def a_punched_hole_reads_as_zeros(t):
    for offset, length in ((0, 4096), (4096, 8192), (100, 50), (5000, 10_000), (65535, 1), (60_000, 100_000)):
        fd = _file(t)
        t.works(f"hole of {length} at {offset}", fallocate, fd, PUNCH, offset, length)
        end = min(len(DATA), offset + length)
        t.true(f"content with a hole of {length} at {offset}", t.read("f") == DATA[:offset] + bytes(end - offset) + DATA[end:])
        t.equal(f"size with a hole of {length} at {offset}", t.size("f"), len(DATA))
        os.close(fd)


def a_punched_hole_gives_space_back(t):
    fd = _file(t, b"x" * (1 << 20))
    os.fsync(fd)
    before = t.stat("f").st_blocks
    fallocate(fd, PUNCH, 0, 1 << 19)
    os.fsync(fd)
    t.equal("blocks given back", before - t.stat("f").st_blocks, (1 << 19) // 512)


def a_punched_hole_is_found_by_seek(t):
    fd = _file(t, b"x" * (1 << 20))
    fallocate(fd, PUNCH, 1 << 18, 1 << 18)
    t.equal("hole", os.lseek(fd, 0, os.SEEK_HOLE), 1 << 18)
    t.equal("data after it", os.lseek(fd, 1 << 18, os.SEEK_DATA), 1 << 19)


def a_hole_past_the_end_changes_nothing(t):
    fd = _file(t, b"abc")
    t.works("hole past the end", fallocate, fd, PUNCH, 100_000, 4096)
    t.content("hole past the end", "f", b"abc")


def punch_hole_wants_keep_size(t):
    fd = _file(t)
    t.fails("PUNCH_HOLE alone", "EOPNOTSUPP|EINVAL", fallocate, fd, FALLOC_PUNCH_HOLE, 0, 4096)
    t.content("PUNCH_HOLE alone", "f", DATA)


def a_zeroed_range_reads_as_zeros(t):
    for offset, length in ((0, 4096), (100, 50), (5000, 10_000)):
        fd = _file(t)
        t.works(f"ZERO_RANGE of {length} at {offset}", fallocate, fd, FALLOC_ZERO, offset, length)
        t.true(f"content with {length} zeroed at {offset}", t.read("f") == DATA[:offset] + bytes(length) + DATA[offset + length:])
        os.close(fd)


def a_zeroed_range_past_the_end_grows_the_file_unless_told(t):
    fd = _file(t, b"abc")
    t.works("ZERO_RANGE with KEEP_SIZE", fallocate, fd, FALLOC_ZERO | FALLOC_KEEP_SIZE, 1, 9999)
    t.content("ZERO_RANGE with KEEP_SIZE", "f", b"a\0\0")
    t.works("ZERO_RANGE", fallocate, fd, FALLOC_ZERO, 0, 5000)
    t.content("ZERO_RANGE", "f", bytes(5000))


def a_collapsed_range_is_gone(t):
    fd = _file(t, b"a" * 65536 + b"b" * 65536 + b"c" * 65536)
    t.works("COLLAPSE_RANGE", fallocate, fd, FALLOC_COLLAPSE, 65536, 65536)
    t.true("content", t.read("f") == b"a" * 65536 + b"c" * 65536)
    t.fails("COLLAPSE_RANGE to the end", "EINVAL", fallocate, fd, FALLOC_COLLAPSE, 65536, 65536)


def an_inserted_range_moves_the_rest(t):
    fd = _file(t, b"a" * 65536 + b"b" * 65536)
    t.works("INSERT_RANGE", fallocate, fd, FALLOC_INSERT, 65536, 65536)
    t.true("content", t.read("f") == b"a" * 65536 + bytes(65536) + b"b" * 65536)
    t.fails("INSERT_RANGE at the end", "EINVAL", fallocate, fd, FALLOC_INSERT, 3 * 65536, 65536)


def modes_that_do_not_exist_are_refused(t):
    fd = _file(t)
    for mode in (0x100, 0x4000, PUNCH | FALLOC_ZERO, FALLOC_COLLAPSE | FALLOC_KEEP_SIZE):
        t.fails(f"mode {mode:#x}", "EOPNOTSUPP|EINVAL", fallocate, fd, mode, 0, 4096)
    t.content("none of them changes it", "f", DATA)


def a_length_of_nothing_is_einval(t):
    fd = _file(t)
    for name, mode in {"the default": 0, "KEEP_SIZE": FALLOC_KEEP_SIZE, "PUNCH_HOLE": PUNCH, "ZERO_RANGE": FALLOC_ZERO}.items():
        t.fails(f"{name} of length 0", "EINVAL", fallocate, fd, mode, 0, 0)
        t.fails(f"{name} of length -1", "EINVAL", fallocate, fd, mode, 0, -1)
        t.fails(f"{name} at offset -1", "EINVAL", fallocate, fd, mode, -1, 10)


def a_descriptor_for_reading_is_ebadf(t):
    t.write("f", DATA)
    with t.opened("f", os.O_RDONLY) as fd:
        for name, mode in {"the default": 0, "KEEP_SIZE": FALLOC_KEEP_SIZE, "PUNCH_HOLE": PUNCH, "ZERO_RANGE": FALLOC_ZERO}.items():
            t.fails(f"{name} with O_RDONLY", "EBADF", fallocate, fd, mode, 0, 10)


def what_is_no_file_is_refused(t):
    directory = os.open(t.mkdir("d"), os.O_RDONLY)
    t.fails("a directory", "EBADF|EISDIR", fallocate, directory, 0, 0, 10)
    fifo = os.open(t.make("fifo", "p"), os.O_RDWR)
    t.fails("a FIFO", "ESPIPE", fallocate, fifo, 0, 0, 10)


def past_the_largest_offset_is_efbig(t):
    fd = _file(t, b"")
    t.fails("offset and length past 2^63-1", "EFBIG", fallocate, fd, 0, (1 << 63) - 10, 100)
    t.equal("size", t.size("f"), 0)


def the_times_are_marked(t):
    for name, mode, offset in (("growing", 0, 65536), ("PUNCH_HOLE", PUNCH, 0), ("ZERO_RANGE", FALLOC_ZERO, 0)):
        fd = _file(t)
        before = t.tick()
        fallocate(fd, mode, offset, 4096)
        t.true(f"{name}: mtime", t.stat("f").st_mtime_ns >= before)
        t.true(f"{name}: ctime", t.stat("f").st_ctime_ns >= before)
        os.close(fd)
