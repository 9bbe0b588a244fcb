"""Record locks of processes and of open file descriptions: POSIX.1-2017 fcntl(), Linux fcntl_locking(2)."""
import errno
import fcntl
import os
import signal

from fixture import Peer, in_child, outcome
from syscalls import record_lock

R, W, U = fcntl.F_RDLCK, fcntl.F_WRLCK, fcntl.F_UNLCK
# By whose the lock is: without waiting, waiting, asking.
PROCESS = (fcntl.F_SETLK, fcntl.F_SETLKW, fcntl.F_GETLK)
DESCRIPTION = (fcntl.F_OFD_SETLK, fcntl.F_OFD_SETLKW, fcntl.F_OFD_GETLK)
OWNERS = (("process", PROCESS), ("description", DESCRIPTION))
RANGES = ((0, 0), (0, 10), (0, 11), (9, 1), (10, 1), (10, 10), (12, 3), (19, 1), (20, 1), (20, 0), (0, 100), (19, 0), (1 << 40, 5))


def _tries(t, commands, kinds=(W,), ranges=RANGES):
    """Another process, on the other mount: each step tries every kind and range without waiting, and lets go again."""
    fd = os.open(t.there("f"), os.O_RDWR)
    while True:
        answers = []
        for kind in kinds:
            for start, length in ranges:
                answers.append(outcome(record_lock, fd, commands[0], kind, start, length))
                record_lock(fd, commands[0], U, start, length)
        yield answers


def _waits(t, commands, kind=W, start=0, length=0):
    """Another process that waits for a lock and keeps it."""
    fd = os.open(t.there("f"), os.O_RDWR)
    yield "ready"
    record_lock(fd, commands[1], kind, start, length)
    yield "held"
    record_lock(fd, commands[0], U, start, length)
    yield "gone"


def _overlap(start, length):
    """With a lock of 10 bytes at 10."""
    return start < 20 and (length == 0 or start + length > 10)


def _ranges_are_told_apart(t, commands):
    for held_name, held in (("read", R), ("write", W)):
        t.write("f")
        with t.opened("f") as fd, Peer(lambda: _tries(t, commands, (R, W))) as peer:
            record_lock(fd, commands[0], held, 10, 10)
            answers = peer.step()
            for wanted_name, wanted in (("read", R), ("write", W)):
                for start, length in RANGES:
                    refused = _overlap(start, length) and W in (held, wanted)
                    t.equal(f"{wanted_name} lock of {length} at {start} beside a {held_name} lock of 10 at 10", answers.pop(0), "EAGAIN" if refused else "ok")


def ranges_of_processes_are_told_apart(t):
    _ranges_are_told_apart(t, PROCESS)


def ranges_of_descriptions_are_told_apart(t):
    _ranges_are_told_apart(t, DESCRIPTION)


def both_owners_know_of_each_other(t):
    t.write("f")
    with t.opened("f") as fd:
        for held_name, held in OWNERS:
            for wanted_name, wanted in OWNERS:
                record_lock(fd, held[0], W)
                with Peer(lambda: _tries(t, wanted, (R, W), ((0, 0),))) as peer:
                    t.equal(f"of a {wanted_name} beside that of a {held_name}", peer.step(), ["EAGAIN", "EAGAIN"])
                record_lock(fd, held[0], U)


def _asking_tells_what_stands_in_the_way(t, commands):
    t.write("f")

    def asks():
        fd = os.open(t.there("f"), os.O_RDWR)
        yield record_lock(fd, commands[2], W, 0, 0)
        yield record_lock(fd, commands[2], R, 12, 3)
        yield record_lock(fd, commands[2], W, 0, 10)

    with t.opened("f") as fd, Peer(asks) as peer:
        record_lock(fd, commands[0], W, 10, 10)
        for what in ("all", "a part for reading"):
            lock = peer.step()
            t.equal(f"asked for {what}: kind and range", (lock.kind, lock.whence, lock.start, lock.length), (W, os.SEEK_SET, 10, 10))
            if not t.two_mounts:
                t.equal(f"asked for {what}: holder", lock.pid, os.getpid() if commands is PROCESS else -1)
        t.equal("asked for what is free", peer.step().kind, U)


def asking_a_process_tells_what_stands_in_the_way(t):
    _asking_tells_what_stands_in_the_way(t, PROCESS)


def asking_a_description_tells_what_stands_in_the_way(t):
    _asking_tells_what_stands_in_the_way(t, DESCRIPTION)


def _unlock_splits_a_range(t, commands):
    t.write("f")
    points = tuple((n, 1) for n in (0, 39, 40, 59, 60, 99, 100))
    with t.opened("f") as fd, Peer(lambda: _tries(t, commands, (W,), points)) as peer:
        record_lock(fd, commands[0], W, 0, 100)
        record_lock(fd, commands[0], U, 40, 20)
        t.equal("at 0, 39, 40, 59, 60, 99, 100", peer.step(), ["EAGAIN", "EAGAIN", "ok", "ok", "EAGAIN", "EAGAIN", "ok"])
        record_lock(fd, commands[0], W, 40, 20)
        t.equal("joined again", peer.step(), ["EAGAIN"] * 6 + ["ok"])
        record_lock(fd, commands[0], R, 50, 10)
        t.equal("a part for reading only keeps writers out", peer.step(), ["EAGAIN"] * 6 + ["ok"])
        record_lock(fd, commands[0], U, 0, 0)
        t.equal("all gone", peer.step(), ["ok"] * 7)


def unlock_of_a_process_splits_a_range(t):
    _unlock_splits_a_range(t, PROCESS)


def unlock_of_a_description_splits_a_range(t):
    _unlock_splits_a_range(t, DESCRIPTION)


def ranges_can_be_counted_from_anywhere(t):
    t.write("f", b"x" * 100)
    points = tuple((n, 1) for n in (0, 39, 40, 49, 50, 99, 100, 109, 110, 1000))
    with t.opened("f") as fd, Peer(lambda: _tries(t, PROCESS, (W,), points)) as peer:
        os.lseek(fd, 40, os.SEEK_SET)
        for what, whence, start, length, held in (
                ("10 from the offset", os.SEEK_CUR, 0, 10, range(40, 50)), ("10 before 50", os.SEEK_SET, 50, -10, range(40, 50)), ("10 from the end", os.SEEK_END, 0, 10, range(100, 110)),
                ("the last 50", os.SEEK_END, 0, -50, range(50, 100)), ("all from the offset", os.SEEK_CUR, 0, 0, range(40, 1 << 30))):
            record_lock(fd, fcntl.F_SETLK, W, start, length, whence)
            t.equal(what, peer.step(), ["EAGAIN" if n in held else "ok" for n, _ in points])
            record_lock(fd, fcntl.F_SETLK, U)


def ranges_without_sense_are_einval(t):
    t.write("f")
    with t.opened("f") as fd:
        t.fails("before the beginning", "EINVAL", record_lock, fd, fcntl.F_SETLK, W, -1, 10)
        t.fails("length to before the beginning", "EINVAL", record_lock, fd, fcntl.F_SETLK, W, 5, -10)
        t.fails("no such whence", "EINVAL", record_lock, fd, fcntl.F_SETLK, W, 0, 1, 9)
        t.fails("no such kind", "EINVAL", record_lock, fd, fcntl.F_SETLK, 77)


def the_descriptor_must_allow_it(t):
    t.write("f")
    for name, commands in OWNERS:
        for flags_name, flags, kind, expected in (("O_RDONLY", os.O_RDONLY, R, "ok"), ("O_RDONLY", os.O_RDONLY, W, "EBADF"), ("O_WRONLY", os.O_WRONLY, R, "EBADF"),
                                                  ("O_WRONLY", os.O_WRONLY, W, "ok"), ("O_RDWR", os.O_RDWR, R, "ok"), ("O_RDWR", os.O_RDWR, W, "ok")):
            with t.opened("f", flags) as fd:
                t.equal(f"{'read' if kind == R else 'write'} lock of a {name} with {flags_name}", outcome(record_lock, fd, commands[0], kind), expected)
    t.fails("no descriptor", "EBADF", record_lock, 999, fcntl.F_SETLK, W)


def _upgrade(t, commands):
    t.write("f")

    def reads():
        fd = os.open(t.there("f"), os.O_RDWR)
        yield outcome(record_lock, fd, commands[0], R)
        yield outcome(record_lock, fd, commands[0], U)

    with t.opened("f") as fd, Peer(reads) as peer:
        record_lock(fd, commands[0], R)
        t.equal("both read", peer.step(), "ok")
        t.fails("one wants to write", "EAGAIN", record_lock, fd, commands[0], W)
        peer.step()
        t.works("alone it may", record_lock, fd, commands[0], W)


def a_process_may_write_when_no_other_reads(t):
    _upgrade(t, PROCESS)


def a_description_may_write_when_no_other_reads(t):
    _upgrade(t, DESCRIPTION)


def a_failed_upgrade_keeps_the_read_lock(t):
    t.write("f")
    for name, commands in OWNERS:
        with t.opened("f") as fd, Peer(lambda: _tries(t, commands, (R, W), ((0, 0),))) as peer, t.opened("f") as other:
            record_lock(fd, commands[0], R)
            record_lock(other, fcntl.F_OFD_SETLK, R)
            t.fails(f"upgrade of a {name}", "EAGAIN", record_lock, fd, commands[0], W)
            record_lock(other, fcntl.F_OFD_SETLK, U)
            t.equal(f"read, write beside a {name}", peer.step(), ["ok", "EAGAIN"])


def closing_any_descriptor_ends_the_locks_of_a_process(t):
    t.write("f")
    with t.opened("f") as fd, Peer(lambda: _tries(t, PROCESS, (W,), ((0, 0),))) as peer:
        record_lock(fd, fcntl.F_SETLK, W)
        t.equal("held", peer.step(), ["EAGAIN"])
        os.close(os.open(t.here("f"), os.O_RDONLY))
        t.equal("after another descriptor was closed", peer.step(), ["ok"])


def closing_another_descriptor_keeps_the_locks_of_a_description(t):
    t.write("f")
    with Peer(lambda: _waits(t, DESCRIPTION)) as peer:
        fd = os.open(t.here("f"), os.O_RDWR)
        record_lock(fd, fcntl.F_OFD_SETLK, W)
        peer.step()
        peer.begin()
        os.close(os.open(t.here("f"), os.O_RDONLY))
        copy = os.dup(fd)
        os.close(fd)
        t.true("another waits while a duplicate is open", peer.is_waiting())
        os.close(copy)
        t.equal("it has it after the last close", peer.answer(), "held")


def two_opens_are_one_process_and_two_descriptions(t):
    t.write("f")
    for name, commands, expected in (("process", PROCESS, "ok"), ("description", DESCRIPTION, "EAGAIN")):
        with t.opened("f") as one, t.opened("f") as two:
            record_lock(one, commands[0], W)
            t.equal(f"locks of a {name}", outcome(record_lock, two, commands[0], W), expected)


def a_child_has_the_locks_of_descriptions_only(t):
    t.write("f")
    for name, commands, expected in (("process", PROCESS, "EAGAIN"), ("description", DESCRIPTION, "ok")):
        with t.opened("f") as fd:
            record_lock(fd, commands[0], W)
            t.equal(f"locks of a {name}", in_child(lambda: outcome(record_lock, fd, commands[0], W)), expected)


def _who_waits_gets_it(t, commands):
    for what, kind in (("read", R), ("write", W)):
        t.write("f")
        with t.opened("f") as fd, Peer(lambda: _waits(t, commands, kind, 5, 5)) as peer:
            record_lock(fd, commands[0], W, 0, 10)
            peer.step()
            peer.begin()
            t.true(f"waits to {what}", peer.is_waiting())
            record_lock(fd, commands[0], U, 0, 5)
            t.true(f"waits to {what} while its part is held", peer.is_waiting())
            record_lock(fd, commands[0], U, 5, 5)
            t.equal(f"may {what}", peer.answer(), "held")
        os.unlink(t.here("f"))  # the next one is another: what the peer held goes a moment after its end


def who_waits_gets_it_from_a_process(t):
    _who_waits_gets_it(t, PROCESS)


def who_waits_gets_it_from_a_description(t):
    _who_waits_gets_it(t, DESCRIPTION)


def who_waits_to_read_gets_it_when_the_writer_reads(t):
    t.write("f")
    with t.opened("f") as fd, Peer(lambda: _waits(t, PROCESS, R)) as peer:
        record_lock(fd, fcntl.F_SETLK, W)
        peer.step()
        peer.begin()
        t.true("it waits", peer.is_waiting())
        record_lock(fd, fcntl.F_SETLK, R)
        t.equal("after the downgrade", peer.answer(), "held")


def a_killed_holder_lets_go(t):
    t.write("f")
    for name, commands in OWNERS:
        with t.opened("f") as fd, Peer(lambda: _waits(t, commands)) as holder:
            holder.step(), holder.step()
            t.fails(f"while the {name} lives", "EAGAIN", record_lock, fd, commands[0], W)
            holder.kill()
            t.works(f"after the death of the {name}", record_lock, fd, commands[1], W)
            record_lock(fd, commands[0], U)


def a_killed_waiter_is_forgotten(t):
    t.write("f")
    with t.opened("f") as fd, Peer(lambda: _waits(t, PROCESS)) as last:
        record_lock(fd, fcntl.F_SETLK, W)
        with Peer(lambda: _waits(t, PROCESS)) as first:
            first.step()
            first.begin()
            t.true("the first waits", first.is_waiting())
        last.step()
        last.begin()
        t.true("the second waits", last.is_waiting())
        record_lock(fd, fcntl.F_SETLK, U)
        t.equal("the second has it", last.answer(), "held")


def a_signal_ends_the_wait(t):
    t.write("f")

    def interrupted(*_):
        raise InterruptedError(errno.EINTR, "a signal")

    for name, commands in OWNERS:
        def waits():
            signal.signal(signal.SIGUSR1, interrupted)
            yield from _waits(t, commands)

        with t.opened("f") as fd, Peer(waits) as peer:
            record_lock(fd, commands[0], W)
            peer.step()
            peer.begin()
            t.true(f"the {name} waits", peer.is_waiting())
            peer.kill(signal.SIGUSR1)
            t.fails(f"the wait of the {name}", "EINTR", peer.answer)


def a_circle_of_two_is_edeadlk(t):
    t.write("f")

    def crosses(path, mine, other):
        fd = os.open(path, os.O_RDWR)
        record_lock(fd, fcntl.F_SETLK, W, mine, 1)
        yield "one"
        answer = outcome(record_lock, fd, fcntl.F_SETLKW, W, other, 1)
        record_lock(fd, fcntl.F_SETLK, U)
        yield answer

    with Peer(lambda: crosses(t.here("f"), 0, 1)) as one, Peer(lambda: crosses(t.there("f"), 1, 0)) as two:
        one.step(), two.step()
        one.begin()
        t.true("the first waits for the second", one.is_waiting())
        two.begin()
        t.equal("the second is refused", two.answer(), "EDEADLK")
        t.equal("the first has both then", one.answer(), "ok")


def a_circle_of_three_is_edeadlk(t):
    t.write("f")

    def crosses(path, mine):
        fd = os.open(path, os.O_RDWR)
        record_lock(fd, fcntl.F_SETLK, W, mine, 1)
        yield "one"
        answer = outcome(record_lock, fd, fcntl.F_SETLKW, W, (mine + 1) % 3, 1)
        record_lock(fd, fcntl.F_SETLK, U)
        yield answer

    with Peer(lambda: crosses(t.here("f"), 0)) as a, Peer(lambda: crosses(t.there("f"), 1)) as b, Peer(lambda: crosses(t.here("f"), 2)) as c:
        for peer in (a, b, c):
            peer.step()
        for name, peer in (("first", a), ("second", b)):
            peer.begin()
            t.true(f"the {name} waits", peer.is_waiting())
        t.equal("the third is refused", c.step(), "EDEADLK")
        t.equal("the others get theirs", (b.answer(), a.answer()), ("ok", "ok"))


def locks_outlive_the_name(t):
    t.write("f")
    with t.opened("f") as fd, Peer(lambda: _tries(t, PROCESS, (W,), ((0, 0),))) as peer:
        record_lock(fd, fcntl.F_SETLK, W)
        t.equal("before", peer.step(), ["EAGAIN"])
        os.rename(t.here("f"), t.here("g"))
        t.equal("after rename", peer.step(), ["EAGAIN"])
        os.unlink(t.here("g"))
        t.equal("after unlink", peer.step(), ["EAGAIN"])
        record_lock(fd, fcntl.F_SETLK, U)
        t.equal("after unlock", peer.step(), ["ok"])


def who_locks_sees_what_was_written_under_the_lock_before(t):
    t.write("f", b"0")

    def adds(path):
        fd = os.open(path, os.O_RDWR)
        for _ in range(20):
            fcntl.lockf(fd, fcntl.LOCK_EX)
            value = int(os.pread(fd, 10, 0))
            os.pwrite(fd, b"%d" % (value + 1), 0)
            os.fsync(fd)
            fcntl.lockf(fd, fcntl.LOCK_UN)
        yield "done"

    with Peer(lambda: adds(t.here("f"))) as one, Peer(lambda: adds(t.there("f"))) as two:
        one.begin(), two.begin()
        one.answer(40), two.answer(40)
    t.content("2 times 20 additions", "f", b"40")
