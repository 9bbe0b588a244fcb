"""Five kinds of calls that would tell if they were done twice, in several lanes at a time until stdin ends.

  longcut.py prepare DIR LANES       makes DIR and all that the calls need
  longcut.py run DIR KIND LANES      one call after the other in each lane: a line before (B n) and after (E n answer milliseconds) it; in DIR on a mount.
                                     Of an append the line before it has the inode and the offset too
  longcut.py count DIR KIND FILE     how often each call of the lines in FILE took effect: n times; in DIR on any mount

Each lane has a directory of its own, and a file: the kernel lets one call at a time change a directory. As much as
possible is prepared before, so that a lane is nearly always in a call that counts: appends go through one descriptor,
renames go on from name to name of one file, directories to be removed are there, and paths are looked up once.
"""
import errno
import os
import re
import sys
import threading
import time

CALLS = 100_000
AHEAD = 100
RECORD = b"%07d\n"
KINDS = ("append", "create", "link", "rename", "rmdir")
stopping = threading.Event()
saying = threading.Lock()


def lane_of(base, kind, n):
    return f"{base}/{kind}-{n // CALLS}"


def in_threads(lanes, act):
    threads = [threading.Thread(target=act, args=(lane,)) for lane in range(int(lanes))]
    for thread in threads:
        thread.start()
    return threads


def prepare_lane(base, lane):
    for kind in KINDS:
        first = lane * CALLS
        own = lane_of(base, kind, first)
        os.mkdir(own)
        os.close(os.open(f"{own}/{'rename' + str(first) if kind == 'rename' else 'file'}", os.O_WRONLY | os.O_CREAT))
        if kind == "rmdir":
            for n in range(first + 1, first + 1 + AHEAD):
                os.mkdir(f"{own}/rmdir{n}")


def prepare(base, lanes):
    os.mkdir(base)
    for thread in in_threads(lanes, lambda lane: prepare_lane(base, lane)):
        thread.join()


def append(n, fd, state):
    if not state:
        file = os.open("file", os.O_WRONLY | os.O_APPEND, dir_fd=fd)
        state.update(file=file, inode=os.fstat(file).st_ino, size=os.fstat(file).st_size)
    offset = state["size"]
    state["size"] += len(RECORD % n)
    def act():
        os.write(state["file"], RECORD % n)
        os.fsync(state["file"])
    return act, (state["inode"], offset)


def call(kind, n, fd, state):
    """Returns what is to be timed, and where it writes: the preparation of one call is not part of it."""
    name = kind + str(n)
    if kind == "append":
        return append(n, fd, state)
    if kind == "create":
        return lambda: os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, dir_fd=fd)), ()
    if kind == "link":
        return lambda: os.link("file", name, src_dir_fd=fd, dst_dir_fd=fd), ()
    if kind == "rename":
        return lambda: os.rename(kind + str(n - 1), name, src_dir_fd=fd, dst_dir_fd=fd), ()
    if n % CALLS > AHEAD:
        os.mkdir(name, dir_fd=fd)
    return lambda: os.rmdir(name, dir_fd=fd), ()


def say(*words):
    with saying:
        print(*words, flush=True)


def run_lane(base, kind, lane):
    n = lane * CALLS
    fd = os.open(lane_of(base, kind, n), os.O_RDONLY)
    state = {}
    while not stopping.is_set():
        n += 1
        try:
            act, place = call(kind, n, fd, state)
        except OSError as e:
            say("P", n, errno.errorcode.get(e.errno, e.errno))
            time.sleep(0.05)
            continue
        begin = time.monotonic_ns()
        say("B", n, *place)
        try:
            act()
            answer = "OK"
        except OSError as e:
            answer = errno.errorcode.get(e.errno, e.errno)
        say("E", n, answer, (time.monotonic_ns() - begin) // 1_000_000)


def run(base, kind, lanes):
    threads = in_threads(lanes, lambda lane: run_lane(base, kind, lane))
    sys.stdin.read()
    stopping.set()
    for thread in threads:
        thread.join()


def effects(own, kind):
    if kind == "append":
        with open(f"{own}/file", "rb") as f:
            return [int(record) for record in f.read().split(b"\n") if record]
    return [int(name[len(kind):]) for name in os.listdir(own) if re.fullmatch(kind + r"\d+", name)]


def times(kind, n, found):
    if kind == "rename":
        return sum(at >= n for at in found)  # what is behind it has gone through it
    if kind == "rmdir":
        return 0 if n in found else 1
    return found.count(n)


def count(base, kind, file):
    found = {}
    with open(file, encoding="ascii") as f:
        calls = [int(n) for n in re.findall(r"^B (\d+)", f.read(), re.M)]
    for n in calls:
        own = lane_of(base, kind, n)
        if own not in found:
            found[own] = effects(own, kind)
        say(n, times(kind, n, found[own]))


{"prepare": prepare, "run": run, "count": count}[sys.argv[1]](*sys.argv[2:])
