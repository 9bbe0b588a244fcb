"""chown, fchown and lchown: POSIX.1-2017 chown(), fchownat(), Linux chown(2)."""
import os

from fixture import ALICE, BOB, CAROL, TEAM, User, in_child, outcome


def _ids(t, name):
    return t.stat(name).st_uid, t.stat(name).st_gid


def every_kind_gets_an_owner(t):
    t.needs_root()
    for kind in t.kinds():
        path = t.make(kind, kind)
        for uid, gid, expected in ((7, 8, (7, 8)), (-1, 9, (7, 9)), (10, -1, (10, 9)), (-1, -1, (10, 9)), (0, 0, (0, 0)), (2**32 - 2, 2**32 - 2, (2**32 - 2,) * 2)):
            os.chown(path, uid, gid, follow_symlinks=False)
            t.equal(f"chown of a {kind} to {uid}, {gid}", _ids(t, kind), expected)


def fchown_sets_the_owner_of_what_is_open(t):
    t.needs_root()
    for kind in ("file", "dir"):
        fd = os.open(t.make(kind, kind), os.O_RDONLY)
        os.fchown(fd, 7, 8)
        t.equal(f"fchown of a {kind}", _ids(t, kind), (7, 8))
    t.fails("no descriptor", "EBADF", os.fchown, 999, 0, 0)


def chown_follows_a_link_and_lchown_does_not(t):
    t.needs_root()
    t.write("f")
    os.symlink("f", t.here("l"))
    os.chown(t.here("l"), 7, 8)
    t.equal("target after chown", _ids(t, "f"), (7, 8))
    t.equal("link after chown", _ids(t, "l"), (0, 0))
    os.lchown(t.here("l"), 9, 10)
    t.equal("target after lchown", _ids(t, "f"), (7, 8))
    t.equal("link after lchown", _ids(t, "l"), (9, 10))


def fchownat_goes_by_its_directory(t):
    t.needs_root()
    fd = os.open(t.mkdir("d"), os.O_RDONLY)
    t.write("d/f")
    os.chown("f", 7, 8, dir_fd=fd)
    t.equal("fchownat", _ids(t, "d/f"), (7, 8))


def of_what_is_missing(t):
    t.write("f")
    os.symlink("nowhere", t.here("l"))
    t.fails("a missing name", "ENOENT", os.chown, t.here("missing"), -1, -1)
    t.fails("below a file", "ENOTDIR", os.chown, t.here("f/x"), -1, -1)
    t.fails("a dangling link", "ENOENT", os.chown, t.here("l"), -1, -1)
    t.works("the dangling link itself", os.lchown, t.here("l"), -1, -1)


def who_may_give_what(t):
    t.needs_callers()
    member = User(ALICE.uid, ALICE.gid, (TEAM,))
    for kind in ("file", "dir", "fifo"):
        path = t.make(kind, kind)
        for what, user, uid, gid, expected in (
                ("the owner gives the file away", ALICE, BOB.uid, -1, "EPERM"), ("the owner keeps it", ALICE, ALICE.uid, -1, "ok"),
                ("the owner gives it to a group of hers", member, -1, TEAM, "ok"), ("the owner gives it to a group of others", ALICE, -1, CAROL.gid, "EPERM"),
                ("the owner names both, rightly", member, ALICE.uid, TEAM, "ok"), ("another takes it", BOB, BOB.uid, -1, "EPERM"),
                ("another gives it to his group", BOB, -1, BOB.gid, "EPERM"), ("one of its group takes it", User(BOB.uid, ALICE.gid), BOB.uid, -1, "EPERM"),
                ("another changes nothing", BOB, -1, -1, "ok"), ("root gives it away", None, BOB.uid, BOB.gid, "ok")):
            os.chown(path, ALICE.uid, ALICE.gid)
            t.equal(f"{kind}: {what}", in_child(lambda: outcome(os.chown, path, uid, gid), user), expected)
            changed = (ALICE.uid if uid == -1 else uid, ALICE.gid if gid == -1 else gid) if expected == "ok" else (ALICE.uid, ALICE.gid)
            t.equal(f"{kind}: ids after {what}", _ids(t, kind), changed)


def set_id_bits_of_a_program_go(t):
    t.needs_callers()
    member = User(ALICE.uid, ALICE.gid, (TEAM,))
    t.write("f")
    for who, user in (("the owner", member), ("root", None)):
        for mode, left in ((0o6755, 0o755), (0o4755, 0o755), (0o2755, 0o755), (0o4644, 0o644), (0o1755, 0o1755), (0o755, 0o755)):
            os.chown(t.here("f"), ALICE.uid, ALICE.gid)
            os.chmod(t.here("f"), mode)
            in_child(lambda: os.chown(t.here("f"), -1, TEAM), user)
            t.mode(f"{mode:o} after chown by {who}", "f", left)


def set_id_bits_go_even_if_nothing_changes(t):
    t.needs_callers()
    t.write("f")
    os.chown(t.here("f"), ALICE.uid, ALICE.gid)
    os.chmod(t.here("f"), 0o6755)
    in_child(lambda: os.chown(t.here("f"), ALICE.uid, ALICE.gid), ALICE)
    t.mode("chown to the same owner by the owner", "f", 0o755)


def set_gid_without_the_right_to_run_stays_for_root(t):
    t.needs_root()
    t.write("f")
    os.chmod(t.here("f"), 0o2644)
    os.chown(t.here("f"), 7, 8)
    t.mode("2644 after chown by root", "f", 0o2644)


def set_id_bits_of_a_directory_stay(t):
    t.needs_root()
    t.mkdir("d")
    for mode in (0o6755, 0o2755, 0o4755, 0o1777):
        os.chmod(t.here("d"), mode)
        os.chown(t.here("d"), 7, 8)
        t.mode(f"{mode:o} after chown", "d", mode)


def a_write_by_another_takes_set_id_away(t):
    t.needs_callers()
    for mode, left in ((0o6777, 0o777), (0o4777, 0o777), (0o2777, 0o777), (0o2767, 0o767), (0o1777, 0o1777)):
        t.write("f", b"abc")
        os.chmod(t.here("f"), mode)
        for who, user, expected in (("root", None, mode), ("another", BOB, left)):
            def write():
                fd = os.open(t.here("f"), os.O_WRONLY)
                os.write(fd, b"x")
            in_child(write, user)
            t.mode(f"{mode:o} after a write by {who}", "f", expected)


def an_open_that_truncates_takes_set_id_away(t):
    t.needs_callers()
    t.write("f", b"abc")
    os.chmod(t.here("f"), 0o6777)
    in_child(lambda: os.close(os.open(t.here("f"), os.O_WRONLY | os.O_TRUNC)), BOB)
    t.mode("6777 after O_TRUNC by another", "f", 0o777)


def a_read_leaves_set_id(t):
    t.needs_callers()
    t.write("f", b"abc")
    os.chmod(t.here("f"), 0o6755)
    in_child(lambda: os.read(os.open(t.here("f"), os.O_RDONLY), 9), BOB)
    t.mode("6755 after a read by another", "f", 0o6755)


def ctime_is_marked_and_mtime_is_not(t):
    t.needs_root()
    for kind in t.kinds():
        path = t.make(kind, kind)
        before = t.tick()
        os.lchown(path, 7, 8)
        t.true(f"ctime of a {kind}", t.stat(kind).st_ctime_ns >= before)
        t.true(f"mtime of a {kind} is not marked", t.stat(kind).st_mtime_ns < before)


def a_new_owner_has_the_rights_at_once(t):
    t.needs_callers()
    t.write("f", b"abc", 0o400)
    for who, owner in (("alice", ALICE), ("bob", BOB), ("alice again", ALICE)):
        os.chown(t.here("f"), owner.uid, owner.gid)
        t.equal(f"alice reads when it is {who}'s", in_child(lambda: outcome(os.open, t.there("f"), os.O_RDONLY), ALICE), "ok" if owner is ALICE else "EACCES")
        t.equal(f"bob reads when it is {who}'s", in_child(lambda: outcome(os.open, t.there("f"), os.O_RDONLY), BOB), "ok" if owner is BOB else "EACCES")
