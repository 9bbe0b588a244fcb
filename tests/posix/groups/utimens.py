"""utimensat, futimens and utimes: POSIX.1-2017 futimens(), Linux utimensat(2)."""
import os

from fixture import ALICE, BOB, User, in_child, outcome
from syscalls import AT_SYMLINK_NOFOLLOW, UTIME_NOW, UTIME_OMIT, futimens, utimensat, utimensat_now

NOW, OMIT = (0, UTIME_NOW), (0, UTIME_OMIT)
A, M = (1_000_000_000, 123_456_789), (1_500_000_000, 987_654_321)
A_NS, M_NS = A[0] * 10**9 + A[1], M[0] * 10**9 + M[1]


def _times(t, name):
    return t.stat(name).st_atime_ns, t.stat(name).st_mtime_ns


def both_times_of_every_kind_to_the_nanosecond(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        t.works(f"utimensat of a {kind}", utimensat, path, A, M, AT_SYMLINK_NOFOLLOW)
        t.equal(f"times of a {kind}", _times(t, kind), (A_NS, M_NS))


def times_at_the_edges(t):
    t.write("f")
    for what, ns in (("the epoch", 0), ("1 ns after it", 1), ("the last ns of a second", 999_999_999), ("before the epoch", -1_000_000_000 + 5),
                     ("2038", (1 << 31) * 10**9 + 7), ("2100", 4_102_444_800 * 10**9 + 11), ("2400", 13_569_465_600 * 10**9)):
        os.utime(t.here("f"), ns=(ns, ns))
        t.equal(what, _times(t, "f"), (ns, ns))


def now_and_omit_in_every_pair(t):
    t.write("f")
    for a_name, a in (("a time", A), ("NOW", NOW), ("OMIT", OMIT)):
        for m_name, m in (("a time", M), ("NOW", NOW), ("OMIT", OMIT)):
            os.utime(t.here("f"), ns=(5, 6))
            before = t.tick()
            utimensat(t.here("f"), a, m)
            atime, mtime = _times(t, "f")
            for which, form, seen, given, old in (("atime", a, atime, A_NS, 5), ("mtime", m, mtime, M_NS, 6)):
                holds = seen >= before if form is NOW else seen == (old if form is OMIT else given)
                t.true(f"{which} with {a_name}, {m_name}", holds, seen)


def omit_of_both_changes_nothing(t):
    t.write("f")
    before = t.stat("f")
    t.tick()
    utimensat(t.here("f"), OMIT, OMIT)
    after = t.stat("f")
    t.equal("times", (after.st_atime_ns, after.st_mtime_ns, after.st_ctime_ns), (before.st_atime_ns, before.st_mtime_ns, before.st_ctime_ns))


def omit_of_both_wants_nothing(t):
    t.needs_callers()
    t.write("f", b"", 0)
    t.equal("OMIT of both by another", in_child(lambda: outcome(utimensat, t.here("f"), OMIT, OMIT), BOB), "ok")


def a_null_pointer_means_now(t):
    t.write("f")
    os.utime(t.here("f"), ns=(5, 6))
    before = t.tick()
    utimensat_now(t.here("f"))
    atime, mtime = _times(t, "f")
    t.true("atime", atime >= before, atime)
    t.true("mtime", mtime >= before, mtime)
    t.equal("both are the same", atime, mtime)


def ctime_is_marked(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        for what, a, m in (("times", A, M), ("NOW", NOW, NOW), ("atime only", A, OMIT), ("mtime only", OMIT, M)):
            before = t.tick()
            utimensat(path, a, m, AT_SYMLINK_NOFOLLOW)
            t.true(f"ctime of a {kind} after {what}", t.stat(kind).st_ctime_ns >= before)


def a_link_is_followed_unless_told(t):
    t.write("f")
    os.symlink("f", t.here("l"))
    os.utime(t.here("f"), ns=(1, 2))
    utimensat(t.here("l"), A, M, AT_SYMLINK_NOFOLLOW)
    t.equal("target with NOFOLLOW", _times(t, "f"), (1, 2))
    t.equal("link with NOFOLLOW", t.stat("l").st_mtime_ns, M_NS)
    utimensat(t.here("l"), (7, 0), (8, 0))
    t.equal("target without it", _times(t, "f"), (7 * 10**9, 8 * 10**9))
    t.equal("link without it", t.stat("l").st_mtime_ns, M_NS)


def an_open_file_by_its_descriptor(t):
    t.write("f")
    t.mkdir("d")
    for name, flags in (("f", os.O_RDONLY), ("f", os.O_WRONLY), ("d", os.O_RDONLY)):
        with t.opened(name, flags) as fd:
            futimens(fd, A, M)
            t.equal(f"times of {name}", _times(t, name), (A_NS, M_NS))
            os.utime(fd, ns=(3, 4))
            t.equal(f"times of {name} again", _times(t, name), (3, 4))


def by_a_directory(t):
    fd = os.open(t.mkdir("d"), os.O_RDONLY)
    t.write("d/f")
    utimensat("f", A, M, directory=fd)
    t.equal("times", _times(t, "d/f"), (A_NS, M_NS))


def a_wrong_time_or_flag_is_einval(t):
    t.write("f")
    before = _times(t, "f")
    t.fails("10^9 nanoseconds", "EINVAL", utimensat, t.here("f"), (0, 10**9), M)
    t.fails("-1 nanoseconds", "EINVAL", utimensat, t.here("f"), A, (0, -1))
    t.fails("a flag that does not exist", "EINVAL", utimensat, t.here("f"), A, M, 0x8000)
    t.equal("times", _times(t, "f"), before)


def of_what_is_missing(t):
    t.write("f")
    t.fails("a missing name", "ENOENT", utimensat, t.here("missing"), A, M)
    t.fails("below a file", "ENOTDIR", utimensat, t.here("f/x"), A, M)
    t.fails("no descriptor", "EBADF", futimens, 999, A, M)


def who_may_set_what(t):
    t.needs_callers()
    member = User(BOB.uid, ALICE.gid)
    forms = (("times", A, M), ("NOW", NOW, NOW), ("NOW and a time", NOW, M), ("a time and OMIT", A, OMIT), ("NOW and OMIT", NOW, OMIT), ("OMIT", OMIT, OMIT))
    for mode in (0o600, 0o444, 0o664, 0o666):
        t.write("f", b"", mode)
        os.chown(t.here("f"), ALICE.uid, ALICE.gid)
        for who, user, writes in (("the owner", ALICE, bool(mode & 0o200)), ("one of the group", member, bool(mode & 0o020)), ("another", BOB, bool(mode & 0o002))):
            for what, a, m in forms:
                # Now needs ownership or the right to write; anything else ownership; the kernel takes NOW and OMIT for a set time.
                expected = "ok" if user is ALICE or what == "OMIT" else ("ok" if writes else "EACCES") if what == "NOW" else "EPERM"
                t.equal(f"{what} by {who} with mode {mode:o}", in_child(lambda: outcome(utimensat, t.here("f"), a, m), user), expected)


def a_set_time_stays_when_others_change(t):
    t.write("f", b"abc")
    os.utime(t.here("f"), ns=(A_NS, M_NS))
    os.chmod(t.here("f"), 0o600)
    t.equal("after chmod", _times(t, "f"), (A_NS, M_NS))
    os.rename(t.here("f"), t.here("g"))
    t.equal("after rename", _times(t, "g"), (A_NS, M_NS))
    os.link(t.here("g"), t.here("h"))
    t.equal("after link", _times(t, "h"), (A_NS, M_NS))


def a_set_time_holds_after_a_write_that_came_before(t):
    with t.opened("f", os.O_RDWR | os.O_CREAT) as fd:
        os.write(fd, b"abc")
        os.utime(fd, ns=(A_NS, M_NS))
        t.equal("before the close", t.stat("f").st_mtime_ns, M_NS)
    t.equal("after the close", t.stat("f").st_mtime_ns, M_NS)
    t.content("the write", "f", b"abc")


def a_set_time_gives_way_to_a_later_write(t):
    with t.opened("f", os.O_RDWR | os.O_CREAT) as fd:
        os.utime(fd, ns=(A_NS, M_NS))
        before = t.tick()
        os.write(fd, b"abc")
    t.true("mtime", t.stat("f").st_mtime_ns >= before)
