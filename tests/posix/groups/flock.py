"""flock: Linux flock(2)."""
import errno
import fcntl
import os
import signal

from fixture import Peer, outcome

SH, EX, UN, NB = fcntl.LOCK_SH, fcntl.LOCK_EX, fcntl.LOCK_UN, fcntl.LOCK_NB
KINDS = (("shared", SH), ("exclusive", EX))


def _tries(t):
    """Another process, looking through the other mount: each step tries both kinds without waiting, and lets go again."""
    fd = os.open(t.there("f"), os.O_RDWR)
    while True:
        answers = []
        for _, kind in KINDS:
            answers.append(outcome(fcntl.flock, fd, kind | NB))
            fcntl.flock(fd, UN)
        yield answers


def _waits(t, kind):
    """Another process that waits for a lock and keeps it."""
    fd = os.open(t.there("f"), os.O_RDWR)
    yield "ready"
    fcntl.flock(fd, kind)
    yield "held"


def shared_goes_with_shared_only(t):
    t.write("f")
    with t.opened("f") as fd, Peer(lambda: _tries(t)) as peer:
        t.equal("nothing held: shared, exclusive", peer.step(), ["ok", "ok"])
        fcntl.flock(fd, SH)
        t.equal("shared held: shared, exclusive", peer.step(), ["ok", "EAGAIN"])
        fcntl.flock(fd, EX)
        t.equal("exclusive held: shared, exclusive", peer.step(), ["EAGAIN", "EAGAIN"])
        fcntl.flock(fd, SH)
        t.equal("shared again: shared, exclusive", peer.step(), ["ok", "EAGAIN"])
        fcntl.flock(fd, UN)
        t.equal("nothing again: shared, exclusive", peer.step(), ["ok", "ok"])


def the_mode_of_the_descriptor_does_not_matter(t):
    t.write("f")
    for name, flags in (("O_RDONLY", os.O_RDONLY), ("O_WRONLY", os.O_WRONLY), ("O_RDWR", os.O_RDWR)):
        with t.opened("f", flags) as fd:
            for what, kind in KINDS:
                t.works(f"{what} with {name}", fcntl.flock, fd, kind | NB)


def a_directory_can_be_locked(t):
    fd, other = os.open(t.mkdir("d"), os.O_RDONLY), os.open(t.here("d"), os.O_RDONLY)
    t.works("exclusive", fcntl.flock, fd, EX | NB)
    t.fails("exclusive again", "EAGAIN", fcntl.flock, other, EX | NB)


def two_opens_in_one_process_are_two_owners(t):
    t.write("f")
    one, two = os.open(t.here("f"), os.O_RDWR), os.open(t.there("f"), os.O_RDWR)
    fcntl.flock(one, EX)
    t.fails("the second", "EAGAIN", fcntl.flock, two, SH | NB)
    fcntl.flock(one, UN)
    t.works("after unlock", fcntl.flock, two, EX | NB)


def a_duplicate_has_the_same_lock(t):
    t.write("f")
    with t.opened("f") as fd, Peer(lambda: _tries(t)) as peer:
        copy = os.dup(fd)
        fcntl.flock(fd, EX)
        t.works("the duplicate locks too", fcntl.flock, copy, EX | NB)
        os.close(copy)
        t.equal("closing the duplicate keeps it", peer.step(), ["EAGAIN", "EAGAIN"])
        copy = os.dup(fd)
        fcntl.flock(copy, UN)
        t.equal("unlocking the duplicate lets go", peer.step(), ["ok", "ok"])


def a_forked_child_has_the_same_lock(t):
    t.write("f")
    with t.opened("f") as fd, Peer(lambda: _tries(t)) as peer:
        fcntl.flock(fd, EX)

        def child():
            yield outcome(fcntl.flock, fd, EX | NB)
            yield outcome(fcntl.flock, fd, UN)

        with Peer(child) as family:
            t.equal("the child locks too", family.step(), "ok")
            t.equal("it is held", peer.step(), ["EAGAIN", "EAGAIN"])
            family.step()
            t.equal("the child lets go for both", peer.step(), ["ok", "ok"])


def the_last_close_lets_go(t):
    t.write("f")
    with Peer(lambda: _waits(t, EX)) as peer:
        fd = os.open(t.here("f"), os.O_RDWR)  # after the fork, so that the other process does not have it
        copy = os.dup(fd)
        fcntl.flock(fd, EX)
        peer.step()
        peer.begin()
        t.true("another waits", peer.is_waiting())
        os.close(fd)
        t.true("it waits while a duplicate is open", peer.is_waiting())
        os.close(copy)
        t.equal("it has it after the last close", peer.answer(), "held")


def who_waits_gets_it_after_unlock(t):
    t.write("f")
    for what, kind in KINDS:
        with t.opened("f") as fd, Peer(lambda: _waits(t, kind)) as peer:
            fcntl.flock(fd, EX)
            peer.step()
            peer.begin()
            t.true(f"waits for {what}", peer.is_waiting())
            fcntl.flock(fd, UN)
            t.equal(f"has {what}", peer.answer(), "held")


def a_killed_holder_lets_go(t):
    t.write("f")
    with t.opened("f") as fd, Peer(lambda: _waits(t, EX)) as holder:
        holder.step(), holder.step()
        t.fails("while it lives", "EAGAIN", fcntl.flock, fd, EX | NB)
        holder.kill()
        t.works("after its death", fcntl.flock, fd, EX)


def many_readers_keep_a_writer_out_until_the_last(t):
    t.write("f")
    readers = [os.open(t.here("f"), os.O_RDONLY) for _ in range(4)]
    for fd in readers:
        fcntl.flock(fd, SH)
    with Peer(lambda: _waits(t, EX)) as writer:
        writer.step()
        writer.begin()
        for fd in readers[:-1]:
            fcntl.flock(fd, UN)
        t.true("it waits for the last", writer.is_waiting())
        fcntl.flock(readers[-1], UN)
        t.equal("after the last", writer.answer(), "held")


def a_signal_ends_the_wait(t):
    t.write("f")

    def interrupted(*_):
        raise InterruptedError(errno.EINTR, "a signal")

    def waits():
        signal.signal(signal.SIGUSR1, interrupted)
        yield from _waits(t, EX)

    with t.opened("f") as fd, Peer(waits) as peer:
        fcntl.flock(fd, EX)
        peer.step()
        peer.begin()
        t.true("it waits", peer.is_waiting())
        peer.kill(signal.SIGUSR1)
        t.fails("the wait", "EINTR", peer.answer)


def a_closed_descriptor_is_ebadf_and_no_operation_einval(t):
    t.write("f")
    t.fails("no descriptor", "EBADF", fcntl.flock, 999, EX)
    with t.opened("f") as fd:
        t.fails("no operation", "EINVAL", fcntl.flock, fd, 0)


def unlock_of_nothing_works(t):
    t.write("f")
    with t.opened("f") as fd:
        t.works("LOCK_UN", fcntl.flock, fd, UN)


def it_does_not_stop_reads_and_writes(t):
    t.write("f", b"abc")
    with t.opened("f") as fd:
        fcntl.flock(fd, EX)
        t.content("another reads", "f", b"abc")
        t.write("f", b"new")
        t.content("another writes", "f", b"new")


def it_knows_nothing_of_fcntl_locks(t):
    t.write("f")
    with t.opened("f") as one, t.opened("f") as two:
        fcntl.lockf(one, EX | NB)
        t.works("flock beside a lock of fcntl", fcntl.flock, two, EX | NB)


def one_at_a_time_counts_right(t):
    """Processes that add to a number in a file under a lock lose no addition."""
    t.write("f", b"0")

    def adds(path):
        fd = os.open(path, os.O_RDWR)
        for _ in range(20):
            fcntl.flock(fd, EX)
            value = int(os.pread(fd, 10, 0))
            os.pwrite(fd, b"%d" % (value + 1), 0)
            os.fsync(fd)
            fcntl.flock(fd, UN)
        yield "done"

    with Peer(lambda: adds(t.here("f"))) as one, Peer(lambda: adds(t.here("f"))) as two, Peer(lambda: adds(t.there("f"))) as three:
        for peer in (one, two, three):
            peer.begin()
        for peer in (one, two, three):
            peer.answer(40)
    t.content("3 times 20 additions", "f", b"60")
