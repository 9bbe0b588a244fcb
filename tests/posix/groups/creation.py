"""The mode and owner of what is made: open(2), mkdir(2), mknod(2), mkfifo(3), umask(2)."""
import os
import stat

from fixture import ALICE, TEAM, User, in_child

MODES = (0o777, 0o666, 0o640, 0o421, 0o000)
UMASKS = (0o000, 0o022, 0o077, 0o137, 0o777)


def _each(t, kind, make, special=0):
    for mask in UMASKS:
        for mode in MODES:
            name = f"{kind}-{mask:o}-{mode:o}"
            os.umask(mask)
            make(t.here(name), mode)
            t.mode(f"{kind} of mode {mode:o} with umask {mask:o}", name, (mode | special) & ~mask)
    os.umask(0o022)


def open_takes_the_umask_off(t):
    _each(t, "file", lambda path, mode: os.close(os.open(path, os.O_CREAT | os.O_WRONLY, mode)))


def mkdir_takes_the_umask_off(t):
    _each(t, "dir", os.mkdir)


def mkfifo_takes_the_umask_off(t):
    _each(t, "fifo", os.mkfifo)


def mknod_of_a_socket_takes_the_umask_off(t):
    _each(t, "socket", lambda path, mode: os.mknod(path, stat.S_IFSOCK | mode))


def a_symlink_has_all_rights_whatever_the_umask(t):
    for mask in UMASKS:
        os.umask(mask)
        os.symlink("x", t.here(f"l{mask:o}"))
        t.mode(f"symlink with umask {mask:o}", f"l{mask:o}", 0o777)


def open_keeps_set_id_and_sticky_bits(t):
    for bit in (0o4000, 0o2000, 0o1000):
        os.close(os.open(t.here(f"{bit:o}"), os.O_CREAT | os.O_WRONLY, bit | 0o755))
        t.mode(f"open with {bit:o}", f"{bit:o}", bit | 0o755)


def mkdir_keeps_the_sticky_bit_only(t):
    for bit, kept in ((0o4000, 0), (0o2000, 0), (0o1000, 0o1000)):
        os.mkdir(t.here(f"{bit:o}"), bit | 0o755)
        t.mode(f"mkdir with {bit:o}", f"{bit:o}", kept | 0o755)


def what_is_made_belongs_to_its_maker(t):
    t.needs_callers()
    t.mkdir("d", 0o777)
    user = User(ALICE.uid, ALICE.gid, (TEAM,))

    def make():
        for kind in ("file", "dir", "symlink", "fifo", "socket"):
            t.make(kind, f"d/{kind}")

    in_child(make, user)
    for kind in ("file", "dir", "symlink", "fifo", "socket"):
        t.equal(f"owner of a new {kind}", t.stat(f"d/{kind}").st_uid, ALICE.uid)
        t.equal(f"group of a new {kind} is the first one of the caller", t.stat(f"d/{kind}").st_gid, ALICE.gid)


def what_is_made_in_a_setgid_directory_takes_its_group(t):
    t.needs_callers()
    t.mkdir("d")
    os.chown(t.here("d"), 0, TEAM)
    os.chmod(t.here("d"), 0o2777)

    def make():
        for kind in ("file", "symlink", "fifo", "socket"):
            t.make(kind, f"d/{kind}")
        os.mkdir(t.here("d/dir"))  # a chmod by one who is not in the group would take the bit away

    in_child(make, ALICE)
    for kind in ("file", "dir", "symlink", "fifo", "socket"):
        t.equal(f"group of a new {kind}", t.stat(f"d/{kind}").st_gid, TEAM)
        t.equal(f"owner of a new {kind}", t.stat(f"d/{kind}").st_uid, ALICE.uid)
    t.equal("a new directory inherits the bit", bool(t.permissions("d/dir") & stat.S_ISGID), True)
    t.equal("a new file does not", bool(t.permissions("d/file") & stat.S_ISGID), False)


def a_setgid_directory_passes_its_bit_on_at_every_depth(t):
    t.needs_root()
    t.mkdir("d")
    os.chown(t.here("d"), 0, TEAM)
    os.chmod(t.here("d"), 0o2755)
    path = "d"
    for depth in range(4):
        path += "/e"
        os.mkdir(t.here(path), 0o755)
        t.mode(f"at depth {depth + 1}", path, 0o2755)
        t.equal(f"group at depth {depth + 1}", t.stat(path).st_gid, TEAM)


def a_setgid_program_in_a_setgid_directory_wants_a_member(t):
    t.needs_callers()
    t.mkdir("d")
    os.chown(t.here("d"), 0, TEAM)
    os.chmod(t.here("d"), 0o2777)

    def make(name):
        os.close(os.open(t.here(name), os.O_CREAT | os.O_WRONLY, 0o2755))

    in_child(lambda: make("d/stranger"), ALICE)
    in_child(lambda: make("d/member"), User(ALICE.uid, ALICE.gid, (TEAM,)))
    t.mode("made by one who is not in the group", "d/stranger", 0o755)
    t.mode("made by a member", "d/member", 0o2755)


def times_of_what_is_made_are_now(t):
    before = t.tick()
    for kind in t.kinds():
        t.make(kind, kind)
        s = t.stat(kind)
        for field in ("st_atime_ns", "st_mtime_ns", "st_ctime_ns"):
            t.true(f"{field} of a new {kind}", getattr(s, field) >= before, getattr(s, field))
