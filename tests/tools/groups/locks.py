"""Locks and events."""
import os
import select
import subprocess
import time

PIPE = subprocess.PIPE


def _ends(process, seconds):
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def flock(t):
    """flock(1): a holder on one mount keeps flock -n on the other out, shared ones go together, and who waits gets it after the release or the holder's end"""
    t.needs("flock")
    t.write(t.here("lock"), "")
    here, there = t.here("lock"), t.there("lock")

    def holder(*options):
        process = t.start("flock", *options, here, "sh", "-c", "echo held; read line", stdin=PIPE, stdout=PIPE)
        t.equal("the holder has it", process.stdout.readline(), b"held\n")
        return process

    t.run("flock", "-n", there, "true")
    first = holder("-x")
    for kind in ("-x", "-s"):
        t.run("flock", "-n", "-E", "9", kind, there, "true", statuses=(9,))
    t.run("flock", "-w", "1", "-E", "9", there, "true", statuses=(9,))
    waiter = t.start("flock", "-w", "60", there, "echo", "got", stdout=PIPE)
    t.equal("a waiter waits", _ends(waiter, 1), None)
    first.communicate(b"\n")
    t.equal("the waiter gets it after the release", (_ends(waiter, 20), waiter.stdout.read()), (0, b"got\n"))
    second = holder("-s")
    t.run("flock", "-n", "-s", there, "true")
    t.run("flock", "-n", "-E", "9", "-x", there, "true", statuses=(9,))
    waiter = t.start("flock", "-x", there, "true")
    t.equal("a waiter for an exclusive lock waits", _ends(waiter, 0.5), None)
    second.kill()
    second.communicate()
    for child in (second, waiter):
        _ends(child, 20)
    t.equal("the waiter gets it when the holder was killed", waiter.returncode, 0)
    t.run("flock", "-n", here, "true")


def flock_counter(t):
    """four shells, two on each mount, count up a number in a file under flock(1): no count is lost"""
    t.needs("flock")
    t.write(t.here("n"), "0\n")
    count = 'for i in $(seq 25); do flock lock sh -c \'read n < n; echo $((n + 1)) > n\'; done'
    shells = [t.start("sh", "-ec", count, cwd=top) for top in (t.here(), t.there()) * 2]
    t.equal("the shells end", [_ends(s, 120) for s in shells], [0] * 4)
    for path in (t.here("n"), t.there("n")):
        with open(path, encoding="ascii") as f:
            t.equal("the number", f.read(), "100\n")


EVENTS = ("sh", "-ec", "echo a > f; echo b >> f; chmod 600 f; mv f g; mkdir d; mv g d/h; mv d/h i; rmdir d; ln i j; ln -s i s; rm j s; touch i; truncate -s 9 i; rm i; : > end")


def inotifywait(t):
    """inotifywait -m tells the changes that are made on the same mount, as on a plain disk"""
    t.needs("inotifywait")

    def told(top):
        os.mkdir(top)
        with t.start("inotifywait", "-m", "--format", "%e %f", "-e", "create,delete,moved_from,moved_to,modify,attrib,close_write", top, stdout=PIPE, stderr=PIPE, bufsize=0) as process:
            while b"established" not in process.stderr.readline():
                if process.poll() is not None:
                    return "it ended"
            t.run(*EVENTS, cwd=top)
            lines = []
            while "CLOSE_WRITE,CLOSE end" not in lines and select.select([process.stdout], [], [], 20)[0]:
                lines.append(process.stdout.readline().decode().strip())
            process.kill()
        return lines

    expected = told(t.plain("d"))
    t.true("events on the plain disk", len(expected) > 15 and expected[-1] == "CLOSE_WRITE,CLOSE end", expected)
    t.equal("events", told(t.here("d")), expected)
    t.equal("what is left", os.listdir(t.there("d")), ["end"])


def tail_f(t):
    """tail -F on the other mount tells what is appended here, and goes on with the file that takes its place"""
    t.write(t.here("log"), "line 0\n")
    with t.start("tail", "-n", "+1", "-s", "0.1", "-F", t.there("log"), stdout=PIPE, stderr=subprocess.DEVNULL) as process:
        seen, expected = b"", b"line 0\n"
        for n in range(1, 9):
            if n == 5:
                os.rename(t.here("log"), t.here("log.1"))
            with open(t.here("log"), "ab") as f:
                f.write(b"line %d\n" % n)
            expected += b"line %d\n" % n
            deadline = time.monotonic() + 15
            while len(seen) < len(expected) and select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                seen += os.read(process.stdout.fileno(), 4096)
        process.kill()
    t.equal("what tail tells", seen, expected)
