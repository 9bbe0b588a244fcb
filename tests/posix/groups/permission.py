"""Who may do what: POSIX.1-2017 4.5 file access permissions, Linux path_resolution(7), unlink(2), rename(2)."""
import os

from fixture import ALICE, BOB, ST_NOEXEC, TEAM, User, in_child, outcome

GROUP = User(BOB.uid, TEAM)
BESIDES = User(BOB.uid, BOB.gid, (4, TEAM, 6))
CALLERS = (("the owner", ALICE, 6), ("one of the group", GROUP, 3), ("one of the group besides", BESIDES, 3), ("another", BOB, 0))
R, W, X = 4, 2, 1


def _opens(path):
    def attempt(flags):
        try:
            os.close(os.open(path, flags))
        except OSError as e:
            return e.errno
        return 0
    return [attempt(flags) for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND, os.O_WRONLY | os.O_TRUNC)]


def open_wants_the_rights_of_its_mode(t):
    t.needs_callers()
    t.write("f")
    os.chown(t.here("f"), ALICE.uid, TEAM)
    for rights in range(8):
        for who, user, shift in CALLERS:
            os.chmod(t.here("f"), rights << shift)
            wanted = (R, W, R | W, W, W)
            t.equal(f"rights {rights} of {who}: for reading, writing, both, appending, truncating", in_child(lambda: _opens(t.there("f")), user),
                    [0 if rights & w == w else 13 for w in wanted])


def the_first_class_that_fits_decides(t):
    t.needs_callers()
    t.write("f")
    os.chown(t.here("f"), ALICE.uid, TEAM)
    owner_in_group = User(ALICE.uid, TEAM)
    for mode, who, user, expected in ((0o077, "the owner", ALICE, "EACCES"), (0o077, "the owner, of the group too", owner_in_group, "EACCES"), (0o707, "one of the group", GROUP, "EACCES"),
                                      (0o707, "one of the group besides", BESIDES, "EACCES"), (0o770, "another", BOB, "EACCES"), (0o700, "the owner", ALICE, "ok"),
                                      (0o070, "one of the group", GROUP, "ok"), (0o070, "one of the group besides", BESIDES, "ok"), (0o007, "another", BOB, "ok")):
        os.chmod(t.here("f"), mode)
        t.equal(f"mode {mode:03o} for {who}", in_child(lambda: outcome(os.open, t.there("f"), os.O_RDWR), user), expected)


def root_opens_all(t):
    t.needs_root()
    for kind in ("file", "dir"):
        path = t.make(kind, kind)
        os.chmod(path, 0)
        t.works(f"a {kind} of mode 0 for reading", os.open, path, os.O_RDONLY)
    t.works("a file of mode 0 for writing", os.open, t.here("file"), os.O_RDWR)
    t.works("a new file in a directory of mode 0", os.open, t.here("dir/f"), os.O_CREAT | os.O_WRONLY)
    t.works("a link in it", os.symlink, "x", t.here("dir/l"))
    t.works("its removal", os.unlink, t.here("dir/f"))


# What a directory's rights let a caller do. Each entry: what is wanted on the directory, and the act on a path in it.
ACTS = {
    "list": (R, lambda d: os.listdir(d)),
    "search": (X, lambda d: os.lstat(f"{d}/file")),
    "read a file": (X, lambda d: os.close(os.open(f"{d}/file", os.O_RDONLY))),
    "write a file": (X, lambda d: os.close(os.open(f"{d}/file", os.O_WRONLY))),
    "read a link": (X, lambda d: os.readlink(f"{d}/link")),
    "enter": (X, lambda d: os.chdir(d)),
    "list a directory in it": (X, lambda d: os.listdir(f"{d}/dir")),
    "make a file": (W | X, lambda d: os.close(os.open(f"{d}/new", os.O_CREAT | os.O_EXCL | os.O_WRONLY))),
    "make a directory": (W | X, lambda d: os.mkdir(f"{d}/newdir")),
    "make a link": (W | X, lambda d: os.symlink("x", f"{d}/newlink")),
    "make a FIFO": (W | X, lambda d: os.mkfifo(f"{d}/newfifo")),
    "link a file": (W | X, lambda d: os.link(f"{d}/file", f"{d}/second")),
    "rename a file": (W | X, lambda d: os.rename(f"{d}/file", f"{d}/renamed")),
    "replace a file": (W | X, lambda d: os.rename(f"{d}/link", f"{d}/spare")),
    "remove a file": (W | X, lambda d: os.unlink(f"{d}/spare")),
    "remove a directory": (W | X, lambda d: os.rmdir(f"{d}/dir")),
}


def _fill(t, name):
    """A directory of anybody's things: what is in it never stands in the way."""
    t.mkdir(name)
    t.write(f"{name}/file", b"", 0o666)
    t.write(f"{name}/spare", b"", 0o666)
    t.mkdir(f"{name}/dir", 0o777)
    os.symlink("nowhere", t.here(f"{name}/link"))


def _attempts(path):
    return {what: outcome(act, path) for what, (_, act) in ACTS.items()}


def _expected(rights):
    answers = {what: "ok" if rights & wanted == wanted else "EACCES" for what, (wanted, _) in ACTS.items()}
    return answers


def a_directory_lets_do_what_its_rights_say(t):
    t.needs_callers()
    for rights in range(8):
        for who, user, shift in CALLERS:
            name = f"d{rights}-{shift}-{len(user.groups)}"
            _fill(t, name)
            os.chown(t.here(f"{name}/file"), user.uid, user.gid)
            os.chown(t.here(name), ALICE.uid, TEAM)
            os.chmod(t.here(name), rights << shift)
            seen = in_child(lambda: _attempts(t.here(name)), user)
            for what, expected in _expected(rights).items():
                t.equal(f"with rights {rights}, {who} may {what}", seen[what], expected)


def every_directory_on_the_way_wants_search(t):
    t.needs_callers()
    for name in ("a", "a/b", "a/b/c"):
        t.mkdir(name)
    t.write("a/b/c/f", b"", 0o666)
    for closed in ("a", "a/b", "a/b/c"):
        os.chmod(t.here(closed), 0o766)
        for what, call in (("stat", lambda: os.stat(t.there("a/b/c/f"))), ("open", lambda: os.open(t.there("a/b/c/f"), os.O_RDONLY)),
                           ("a path with ..", lambda: os.stat(t.there("a/b/c/../c/f")))):
            t.equal(f"{what} with {closed} closed", in_child(lambda: outcome(call), BOB), "EACCES")
        os.chmod(t.here(closed), 0o755)
    t.equal("stat with all open", in_child(lambda: outcome(os.stat, t.there("a/b/c/f")), BOB), "ok")


def a_link_leads_only_where_the_caller_may_go(t):
    t.needs_callers()
    t.mkdir("d", 0o700)
    t.write("d/f", b"abc", 0o666)
    os.symlink("d/f", t.here("l"))
    t.equal("reading through it", in_child(lambda: outcome(os.open, t.there("l"), os.O_RDONLY), BOB), "EACCES")
    t.equal("reading the link itself", in_child(lambda: os.readlink(t.there("l")), BOB), "d/f")


def moving_wants_both_directories(t):
    t.needs_callers()
    for source, target, expected in ((0o777, 0o777, "ok"), (0o755, 0o777, "EACCES"), (0o777, 0o755, "EACCES"), (0o776, 0o777, "EACCES"), (0o777, 0o776, "EACCES"),
                                     (0o773, 0o773, "ok")):
        for kind in ("file", "symlink"):
            a, b = f"a{kind}{source:o}{target:o}", f"b{kind}{source:o}{target:o}"
            t.mkdir(a), t.mkdir(b)
            t.make(kind, f"{a}/x")
            os.chmod(t.here(a), source), os.chmod(t.here(b), target)
            t.equal(f"a {kind} from mode {source:o} to mode {target:o}", in_child(lambda: outcome(os.rename, t.here(f"{a}/x"), t.here(f"{b}/x")), BOB), expected)


def moving_a_directory_of_another_wants_the_right_to_write_in_it(t):
    t.needs_callers()
    t.mkdir("a", 0o777), t.mkdir("b", 0o777)
    for mode, expected in ((0o755, "EACCES"), (0o777, "ok")):
        t.mkdir(f"a/d{mode:o}", mode)
        t.equal(f"a directory of mode {mode:o} to another one", in_child(lambda: outcome(os.rename, t.here(f"a/d{mode:o}"), t.here(f"b/d{mode:o}")), BOB), expected)
    t.mkdir("a/e", 0o755)
    t.equal("within its directory", in_child(lambda: outcome(os.rename, t.here("a/e"), t.here("a/f")), BOB), "ok")


def removing_wants_no_right_on_the_file(t):
    t.needs_callers()
    t.mkdir("d", 0o777)
    for kind in ("file", "dir", "symlink", "fifo", "socket"):
        path = t.make(kind, f"d/{kind}")
        if kind != "symlink":
            os.chmod(path, 0)
        t.equal(f"a {kind} of root", in_child(lambda: outcome(os.rmdir if kind == "dir" else os.unlink, path), BOB), "ok")
        t.absent(f"a {kind} of root", f"d/{kind}")


def a_group_counts_only_while_the_caller_has_it(t):
    t.needs_callers()
    t.write("f", b"abc", 0o640)
    os.chown(t.here("f"), ALICE.uid, TEAM)
    for what, groups, expected in (("no other group", (), "EACCES"), ("the group among many", tuple(range(100, 131)) + (TEAM,), "ok"), ("many others", tuple(range(100, 131)), "EACCES")):
        t.equal(f"with {what}", in_child(lambda: outcome(os.open, t.there("f"), os.O_RDONLY), User(BOB.uid, BOB.gid, groups)), expected)


def running_wants_the_right_to_run(t):
    t.needs_callers()
    t.needs_flag_off(ST_NOEXEC, "noexec")
    with open("/bin/true", "rb") as f:
        t.write("program", f.read())
    for mode, who, user, expected in ((0o755, "another", BOB, 0), (0o754, "another", BOB, 13), (0o711, "another", BOB, 0), (0o644, "root", None, 13), (0o100, "root", None, 0)):
        os.chmod(t.here("program"), mode)

        def run():
            pid = os.fork()
            if pid == 0:
                try:
                    os.execv(t.there("program"), ["program"])
                except OSError as e:
                    os._exit(e.errno)
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

        t.equal(f"mode {mode:o} by {who}", in_child(run, user), expected)


def chmod_and_times_want_the_owner_whatever_the_rights(t):
    t.needs_callers()
    t.write("f", b"abc", 0o777)
    t.mkdir("d", 0o777)
    for name in ("f", "d"):
        os.chown(t.here(name), ALICE.uid, TEAM)
        for who, user, expected in (("the owner", ALICE, "ok"), ("one of the group", GROUP, "EPERM"), ("another", BOB, "EPERM")):
            t.equal(f"chmod of {name} by {who}", in_child(lambda: outcome(os.chmod, t.here(name), 0o777), user), expected)
            t.equal(f"a set time of {name} by {who}", in_child(lambda: outcome(os.utime, t.here(name), ns=(1, 2)), user), expected)
            t.equal(f"a group of {name} by {who}", in_child(lambda: outcome(os.chown, t.here(name), -1, user.gid), user), expected)
            os.chown(t.here(name), ALICE.uid, TEAM)


def o_trunc_and_o_creat_of_a_file_without_rights_leave_it(t):
    t.needs_callers()
    t.mkdir("d", 0o777)
    t.write("d/f", b"abc", 0o444)
    for what, flags in (("O_TRUNC for reading", os.O_RDONLY | os.O_TRUNC), ("O_TRUNC", os.O_WRONLY | os.O_TRUNC), ("O_CREAT", os.O_CREAT | os.O_WRONLY),
                        ("O_CREAT and O_TRUNC", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)):
        t.equal(f"{what} by another", in_child(lambda: outcome(os.open, t.here("d/f"), flags), BOB), "EACCES")
        t.content(f"after {what}", "d/f", b"abc")
