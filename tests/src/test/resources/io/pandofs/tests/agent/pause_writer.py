"""Create, write, fsync and close small files one after the other, and remember the longest time that nothing was done.

  pause_writer.py write DIR                 until stdin ends; then one line a fact on stdout, first words: ready, error, done
  pause_writer.py verify DIR RANGES         whether the files of RANGES (0-99,101-250) are there and right; one line a fault
"""
import errno
import os
import random
import select
import sys
import time

LENGTH = 4096


def content(n):
    return random.Random(n).randbytes(LENGTH)


def name(directory, n):
    return os.path.join(directory, f"w{n:07d}")


def write_one(directory, n):
    fd = os.open(name(directory, n), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        if os.write(fd, content(n)) != LENGTH:
            raise OSError(errno.EIO, "short write")
        os.fsync(fd)
    finally:
        os.close(fd)


def say(*words):
    print(*words, flush=True)


def ranges(numbers):
    out, start, last = [], None, None
    for n in numbers:
        if start is None:
            start = last = n
        elif n == last + 1:
            last = n
        else:
            out.append(f"{start}-{last}")
            start = last = n
    if start is not None:
        out.append(f"{start}-{last}")
    return ",".join(out) or "-"


def write(directory):
    os.makedirs(directory, exist_ok=True)
    begin = last = time.monotonic_ns()
    longest, longest_at, good, n = 0, 0, [], 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        try:
            write_one(directory, n)
            good.append(n)
        except OSError as e:
            say("error", n, errno.errorcode.get(e.errno, e.errno), (time.monotonic_ns() - begin) // 1_000_000)
            time.sleep(0.01)
        now = time.monotonic_ns()
        if good and good[-1] == n:
            if now - last > longest:
                longest, longest_at = now - last, last - begin
            last = now
            if len(good) == 1:
                say("ready")
        n += 1
    # A pause that has not ended counts too.
    longest = max(longest, time.monotonic_ns() - last)
    say("done", len(good), longest, longest_at, ranges(good))


def verify(directory, spec):
    for part in spec.split(",") if spec != "-" else []:
        first, last = map(int, part.split("-"))
        for n in range(first, last + 1):
            try:
                with open(name(directory, n), "rb") as f:
                    data = f.read()
                if data != content(n):
                    say("fault", name(directory, n), f"wrong bytes, {len(data)} of {LENGTH}")
            except OSError as e:
                say("fault", name(directory, n), errno.errorcode.get(e.errno, e.errno))
    say("verified")


if sys.argv[1] == "write":
    write(sys.argv[2])
else:
    verify(sys.argv[2], sys.argv[3])
