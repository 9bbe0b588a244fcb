"""The sticky bit of directories: POSIX.1-2017 unlink(), rename(), rmdir(), Linux inode(7)."""
import os

from fixture import ALICE, BOB, CAROL, in_child, outcome
from syscalls import RENAME_EXCHANGE, renameat2

OWNERS = (("of the file", ALICE), ("of the directory", BOB), ("of neither", CAROL))


def _sticky(t, name, mode=0o1777):
    """A directory of bob's."""
    t.mkdir(name)
    os.chown(t.here(name), BOB.uid, BOB.gid)
    os.chmod(t.here(name), mode)


def _theirs(t, kind, name):
    """Something of alice's that anybody could write to."""
    path = t.make(kind, name)
    os.lchown(path, ALICE.uid, ALICE.gid)
    if kind != "symlink":
        os.chmod(path, 0o777)
    return path


def removing_is_for_the_owners(t):
    t.needs_callers()
    for sticky in (True, False):
        name = "sticky" if sticky else "plain"
        _sticky(t, name, 0o1777 if sticky else 0o777)
        for kind in t.kinds():
            for who, user in OWNERS + (("root", None),):
                path = _theirs(t, kind, f"{name}/x")
                expected = "EPERM" if sticky and user is CAROL else "ok"
                t.equal(f"a {kind} in a {name} directory by the owner {who}", in_child(lambda: outcome(os.rmdir if kind == "dir" else os.unlink, path), user), expected)
                if expected == "EPERM":
                    t.present("it stays", f"{name}/x")
                    (os.rmdir if kind == "dir" else os.unlink)(path)


def renaming_is_for_the_owners(t):
    t.needs_callers()
    _sticky(t, "s")
    t.mkdir("plain", 0o777)
    for kind in t.kinds():
        for who, user in OWNERS + (("root", None),):
            expected = "EPERM" if user is CAROL else "ok"
            for what, target in (("within", "s/y"), ("out of it", "plain/y")):
                _theirs(t, kind, "s/x")
                t.equal(f"a {kind} {what} by the owner {who}", in_child(lambda: outcome(os.rename, t.here("s/x"), t.here(target)), user), expected)
                (os.rmdir if kind == "dir" else os.unlink)(t.here(target if expected == "ok" else "s/x"))


def replacing_is_for_the_owners_of_what_is_replaced(t):
    t.needs_callers()
    _sticky(t, "s")
    t.mkdir("plain", 0o777)
    for who, user in OWNERS + (("root", None),):
        expected = "EPERM" if user is CAROL else "ok"
        t.write("plain/new", b"new", 0o666)
        _theirs(t, "file", "s/old")
        t.equal(f"by the owner {who}", in_child(lambda: outcome(os.rename, t.here("plain/new"), t.here("s/old")), user), expected)
        t.content(f"after a rename by the owner {who}", "s/old", b"new" if expected == "ok" else b"file")


def exchanging_is_for_the_owners_of_both(t):
    t.needs_callers()
    _sticky(t, "s")
    t.mkdir("plain", 0o777)
    for who, user in OWNERS:
        t.write("plain/x", b"x", 0o666)
        _theirs(t, "file", "s/y")
        t.equal(f"by the owner {who}", in_child(lambda: outcome(renameat2, t.here("plain/x"), t.here("s/y"), RENAME_EXCHANGE), user), "EPERM" if user is CAROL else "ok")


def making_is_for_all(t):
    t.needs_callers()
    _sticky(t, "s")
    for who, user in OWNERS:
        for kind in ("file", "dir", "symlink", "fifo", "socket"):
            name = f"s/{user.uid}{kind}"
            in_child(lambda: t.make(kind, name), user)
            t.equal(f"a {kind} by the owner {who}", t.kind(name), kind)


def writing_goes_by_the_mode_of_the_file(t):
    t.needs_callers()
    _sticky(t, "s")
    _theirs(t, "file", "s/f")
    for who, user in OWNERS:
        t.equal(f"by the owner {who}", in_child(lambda: outcome(os.open, t.here("s/f"), os.O_RDWR), user), "ok")


def moving_a_directory_out_wants_its_owner(t):
    t.needs_callers()
    _sticky(t, "s")
    t.mkdir("plain", 0o777)
    _theirs(t, "dir", "s/d")
    _theirs(t, "file", "s/d/f")
    t.equal("by another", in_child(lambda: outcome(os.rename, t.here("s/d"), t.here("plain/d")), CAROL), "EPERM")
    t.equal("what is in it by another, since that directory is not sticky", in_child(lambda: outcome(os.unlink, t.here("s/d/f")), CAROL), "ok")
    t.equal("by its owner", in_child(lambda: outcome(os.rename, t.here("s/d"), t.here("plain/d")), ALICE), "ok")
