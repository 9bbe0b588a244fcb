"""access and faccessat: POSIX.1-2017 access(), Linux access(2)."""
import os

from fixture import ALICE, BOB, ST_NOEXEC, TEAM, User, in_child

WAYS = (("F", os.F_OK), ("R", os.R_OK), ("W", os.W_OK), ("X", os.X_OK), ("RW", os.R_OK | os.W_OK), ("RX", os.R_OK | os.X_OK), ("RWX", os.R_OK | os.W_OK | os.X_OK))


def _answers(t, name, user):
    return in_child(lambda: {way: os.access(t.there(name), bits) for way, bits in WAYS}, user)


def by_owner_group_and_others(t):
    t.needs_callers()
    t.needs_flag_off(ST_NOEXEC, "noexec")
    callers = (("the owner", ALICE, 6), ("one of the group", User(BOB.uid, TEAM), 3), ("one of the group besides", User(BOB.uid, BOB.gid, (5, TEAM)), 3), ("another", BOB, 0))
    for kind in ("file", "dir"):
        path = t.make(kind, kind)
        os.chown(path, ALICE.uid, TEAM)
        for mode in (0o000, 0o700, 0o070, 0o007, 0o421, 0o124, 0o640, 0o755):
            os.chmod(path, mode)
            for who, user, shift in callers:
                rights = mode >> shift & 7
                t.equal(f"a {kind} of mode {mode:03o} for {who}", _answers(t, kind, user), {way: rights & bits == bits for way, bits in WAYS})


def root_reads_and_writes_all_and_runs_what_anybody_can(t):
    t.needs_root()
    t.needs_flag_off(ST_NOEXEC, "noexec")
    for mode, runs in ((0o000, False), (0o644, False), (0o100, True), (0o010, True), (0o001, True), (0o755, True)):
        t.write("f", b"", mode)
        t.equal(f"a file of mode {mode:03o}", [os.access(t.there("f"), bits) for bits in (os.R_OK, os.W_OK, os.X_OK)], [True, True, runs])
    t.mkdir("d", 0)
    t.equal("a directory of mode 0", [os.access(t.there("d"), bits) for bits in (os.R_OK, os.W_OK, os.X_OK)], [True, True, True])


def it_goes_by_the_real_user_unless_told(t):
    t.needs_callers()
    t.write("f", b"", 0o600)

    def answers():
        os.setresuid(ALICE.uid, 0, 0)
        return os.access(t.there("f"), os.R_OK), os.access(t.there("f"), os.R_OK, effective_ids=True)

    t.equal("real user alice, effective root", in_child(answers), (False, True))


def a_link_is_followed(t):
    t.write("f", b"", 0o644)
    os.symlink("f", t.here("l"))
    os.symlink("nowhere", t.here("m"))
    t.equal("a link to a file", os.access(t.there("l"), os.R_OK), True)
    t.equal("a dangling link", os.access(t.there("m"), os.F_OK), False)
    t.equal("a dangling link itself", os.access(t.there("m"), os.F_OK, follow_symlinks=False), True)


def what_is_missing_is_not_accessible(t):
    t.write("f")
    for name in ("missing", "missing/x", "f/x", "f/"):
        t.equal(f"{name}", os.access(t.there(name), os.F_OK), False)


def a_search_right_on_the_way_is_wanted(t):
    t.needs_callers()
    t.mkdir("d")
    t.write("d/f", b"", 0o666)
    for mode, expected in ((0o755, True), (0o754, False), (0o751, True), (0o750, False), (0o711, True)):
        os.chmod(t.here("d"), mode)
        t.equal(f"below a directory of mode {mode:o}", in_child(lambda: os.access(t.there("d/f"), os.R_OK), BOB), expected)
