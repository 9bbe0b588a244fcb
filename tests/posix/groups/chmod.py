"""chmod and fchmod: POSIX.1-2017 chmod(), fchmod(), fchmodat(), Linux chmod(2)."""
import os

from fixture import ALICE, BOB, TEAM, User, in_child, outcome

MODES = (0o000, 0o644, 0o755, 0o777, 0o421, 0o1777, 0o4755, 0o2755, 0o6711, 0o7777)


def every_mode_of_every_kind(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        if kind == "symlink":
            t.fails("chmod of a dangling link", "ENOENT", os.chmod, path, 0o644)
            continue
        for mode in MODES:
            os.chmod(path, mode)
            t.mode(f"chmod of a {kind} to {mode:o}", kind, mode)
        t.equal(f"the {kind} stays one", t.kind(kind), kind)


def fchmod_sets_the_mode_of_an_open_file(t):
    t.write("f", b"abc")
    t.mkdir("d")
    for name in ("f", "d"):
        fd = os.open(t.here(name), os.O_RDONLY)
        for mode in MODES:
            os.fchmod(fd, mode)
            t.mode(f"fchmod of {name} to {mode:o}", name, mode)
        os.chmod(t.here(name), 0o700)
    t.fails("no descriptor", "EBADF", os.fchmod, 999, 0o644)


def fchmodat_goes_by_its_directory(t):
    fd = os.open(t.mkdir("d"), os.O_RDONLY)
    t.write("d/f")
    t.works("fchmodat", os.chmod, "f", 0o600, dir_fd=fd)
    t.mode("fchmodat", "d/f", 0o600)


def of_what_is_missing(t):
    t.write("f")
    t.fails("a missing name", "ENOENT", os.chmod, t.here("missing"), 0o644)
    t.fails("below a file", "ENOTDIR", os.chmod, t.here("f/x"), 0o644)
    t.fails("a file with a slash", "ENOTDIR", os.chmod, t.here("f/"), 0o644)


def only_the_owner_and_root_may(t):
    t.needs_callers()
    for kind in ("file", "dir", "fifo", "socket"):
        path = t.make(kind, kind)
        os.chown(path, ALICE.uid, ALICE.gid)
        os.chmod(path, 0o777)
        for who, user, expected in (("the owner", ALICE, "ok"), ("another", BOB, "EPERM"), ("one of the group", User(BOB.uid, ALICE.gid), "EPERM"), ("root", None, "ok")):
            t.equal(f"chmod of a {kind} by {who}", in_child(lambda: outcome(os.chmod, path, 0o700), user), expected)
            t.mode(f"after chmod by {who}", kind, 0o700 if expected == "ok" else 0o777)
            os.chmod(path, 0o777)


def fchmod_goes_by_the_owner_and_not_the_descriptor(t):
    t.needs_callers()
    t.write("f", b"", 0o666)
    os.chown(t.here("f"), ALICE.uid, ALICE.gid)
    with t.opened("f") as fd:
        t.equal("by another", in_child(lambda: outcome(os.fchmod, fd, 0o600), BOB), "EPERM")
    with t.opened("f", os.O_RDONLY) as fd:
        t.equal("by the owner, of a descriptor for reading", in_child(lambda: outcome(os.fchmod, fd, 0o600), ALICE), "ok")
    t.mode("fchmod", "f", 0o600)


def setgid_of_a_file_wants_a_member_of_its_group(t):
    t.needs_callers()
    t.write("f")
    t.mkdir("d")
    for name in ("f", "d"):
        os.chown(t.here(name), ALICE.uid, TEAM)
        for who, user, left in (("one who is not", ALICE, 0o755), ("a member", User(ALICE.uid, ALICE.gid, (TEAM,)), 0o2755), ("root", None, 0o2755)):
            os.chmod(t.here(name), 0o700)
            t.equal(f"chmod of {name} by {who}", in_child(lambda: outcome(os.chmod, t.here(name), 0o2755), user), "ok")
            t.mode(f"chmod of {name} by {who}", name, left)


def the_sticky_bit_is_kept_on_files_and_directories(t):
    t.needs_callers()
    for kind in ("file", "dir"):
        path = t.make(kind, kind)
        os.chown(path, ALICE.uid, ALICE.gid)
        in_child(lambda: os.chmod(path, 0o1755), ALICE)
        t.mode(f"sticky bit of a {kind} by its owner", kind, 0o1755)


def a_search_right_on_the_way_is_wanted(t):
    t.needs_callers()
    t.mkdir("d")
    t.write("d/f")
    os.chown(t.here("d/f"), ALICE.uid, ALICE.gid)
    os.chmod(t.here("d"), 0o766)
    t.equal("chmod by the owner of the file", in_child(lambda: outcome(os.chmod, t.here("d/f"), 0o600), ALICE), "EACCES")
    t.mode("it stays", "d/f", 0o644)


def ctime_is_marked_and_mtime_is_not(t):
    for kind in ("file", "dir", "fifo"):
        path = t.make(kind, kind)
        before = t.tick()
        for what, mode in (("another mode", 0o600), ("the same mode", 0o600)):
            before = t.tick()
            os.chmod(path, mode)
            t.true(f"ctime of a {kind} with {what}", t.stat(kind).st_ctime_ns >= before)
            t.true(f"mtime of a {kind} with {what} is not marked", t.stat(kind).st_mtime_ns < before)


def the_content_stays(t):
    t.write("f", b"abc")
    os.chmod(t.here("f"), 0o600)
    t.content("after chmod", "f", b"abc")


def what_a_mode_takes_away_holds_at_once(t):
    t.needs_callers()
    t.write("f", b"abc", 0o644)
    for mode, expected in ((0o600, "EACCES"), (0o604, "ok"), (0o640, "EACCES"), (0o644, "ok"), (0o000, "EACCES")):
        os.chmod(t.here("f"), mode)
        t.equal(f"another reads with {mode:o}", in_child(lambda: outcome(os.open, t.there("f"), os.O_RDONLY), BOB), expected)
