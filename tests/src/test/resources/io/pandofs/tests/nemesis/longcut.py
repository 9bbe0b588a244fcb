"""Five kinds of calls that would tell if they were done twice, one after the other until stdin ends.

  longcut.py prepare DIR             makes DIR and all that the calls need
  longcut.py run DIR KIND FIRST      calls FIRST, FIRST + 1 …: one line a call before (B n) and after (E n answer milliseconds) it; in DIR on a mount
  longcut.py count DIR KIND FILE     how often each call of the lines in FILE took effect: n times; in DIR on any mount
"""
import errno
import os
import re
import select
import sys
import time

CALLS = 4000
KINDS = ("append", "create", "link", "rename", "rmdir")


def prepare(base):
    os.mkdir(base)
    os.close(os.open(f"{base}/log", os.O_WRONLY | os.O_CREAT))
    os.close(os.open(f"{base}/source", os.O_WRONLY | os.O_CREAT))


def call(base, kind, n):
    """Returns what is to be timed: the preparation of one call is not part of it."""
    if kind == "append":
        fd = os.open(f"{base}/log", os.O_WRONLY | os.O_APPEND)
        def act():
            try:
                os.write(fd, b"%07d\n" % n)
                os.fsync(fd)
            finally:
                os.close(fd)
        return act
    if kind == "create":
        return lambda: os.close(os.open(f"{base}/create{n}", os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    if kind == "link":
        return lambda: os.link(f"{base}/source", f"{base}/link{n}")
    if kind == "rename":
        os.symlink("x", f"{base}/from{n}")
        return lambda: os.rename(f"{base}/from{n}", f"{base}/to{n}")
    os.mkdir(f"{base}/dir{n}")
    return lambda: os.rmdir(f"{base}/dir{n}")


def say(*words):
    print(*words, flush=True)


def run(base, kind, first):
    for n in range(int(first), int(first) + CALLS):
        if select.select([sys.stdin], [], [], 0)[0]:
            break
        try:
            act = call(base, kind, n)
        except OSError as e:
            say("P", n, errno.errorcode.get(e.errno, e.errno))
            time.sleep(0.05)
            continue
        begin = time.monotonic_ns()
        say("B", n)
        try:
            act()
            answer = "OK"
        except OSError as e:
            answer = errno.errorcode.get(e.errno, e.errno)
        say("E", n, answer, (time.monotonic_ns() - begin) // 1_000_000)


def effects(base, kind):
    if kind == "append":
        with open(f"{base}/log", "rb") as f:
            records = [r for r in f.read().split(b"\n") if r]
        return {n: records.count(n) for n in records}
    names = os.listdir(base)
    return {name: 1 for name in names}


def count(base, kind, file):
    found = effects(base, kind)
    with open(file, encoding="ascii") as f:
        for n in re.findall(r"^B (\d+)$", f.read(), re.M):
            if kind == "append":
                times = found.get(b"%07d" % int(n), 0)
            elif kind == "rename":
                times = found.get(f"to{n}", 0) if f"from{n}" not in found else 0
            elif kind == "rmdir":
                times = 0 if f"dir{n}" in found else 1
            else:
                times = found.get(f"{kind}{n}", 0)
            say(n, times)


{"prepare": prepare, "run": run, "count": count}[sys.argv[1]](*sys.argv[2:])
