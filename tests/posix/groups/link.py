"""link and linkat: POSIX.1-2017 link(), linkat(), Linux link(2)."""
import os

from fixture import ALICE, BOB, in_child, outcome
import syscalls as sc


def a_link_is_another_name_of_the_same_file(t):
    t.write("a", b"abc", 0o640)
    t.works("link", os.link, t.here("a"), t.here("b"))
    a, b = t.stat("a"), t.stat("b")
    t.equal("inode", b.st_ino, a.st_ino)
    t.equal("nlink by either name", (a.st_nlink, b.st_nlink), (2, 2))
    t.content("link", "b", b"abc")
    t.write("b", b"through b", 0o640)
    t.content("a write through the new name", "a", b"through b")
    os.chmod(t.here("a"), 0o600)
    t.mode("chmod through the old name", "b", 0o600)
    os.truncate(t.here("b"), 3)
    t.equal("truncate through the new name", t.size("a"), 3)


def every_kind_but_a_directory_can_be_linked(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        if kind == "dir":
            t.fails("link of a dir", "EPERM", os.link, path, t.here("dir2"))
            t.absent("link of a dir", "dir2")
        else:
            t.works(f"link of a {kind}", os.link, path, t.here(f"{kind}2"), follow_symlinks=False)
            t.equal(f"kind of the new name of a {kind}", t.kind(f"{kind}2"), kind)
            t.equal(f"nlink of a {kind}", t.stat(kind).st_nlink, 2)


def link_refuses_every_kind_that_exists(t):
    t.write("f", b"abc")
    for kind in t.kinds():
        path = t.make(kind, kind)
        t.fails(f"link to a {kind}", "EEXIST", os.link, t.here("f"), path)
        t.equal(f"the {kind} stays", t.kind(kind), kind)
    t.fails("link to itself", "EEXIST", os.link, t.here("f"), t.here("f"))
    t.equal("nlink", t.stat("f").st_nlink, 1)


def link_of_what_is_missing(t):
    t.write("f")
    t.fails("a missing name", "ENOENT", os.link, t.here("missing"), t.here("l"))
    t.fails("in a missing directory", "ENOENT", os.link, t.here("f"), t.here("missing/l"))
    t.fails("below a file", "ENOTDIR", os.link, t.here("f"), t.here("f/l"))
    t.fails("with a slash after a file", "ENOTDIR", os.link, t.here("f/"), t.here("l"))
    t.fails("with a slash after the new name", "ENOENT", os.link, t.here("f"), t.here("l/"))
    t.equal("names", t.names(), ["f"])


def linkat_follows_a_link_only_if_told(t):
    t.write("f", b"abc")
    os.symlink("f", t.here("l"))
    t.works("without a flag", sc.linkat, sc.AT_FDCWD, t.here("l"), sc.AT_FDCWD, t.here("one"), 0)
    t.equal("kind of the new name", t.kind("one"), "symlink")
    t.works("with AT_SYMLINK_FOLLOW", sc.linkat, sc.AT_FDCWD, t.here("l"), sc.AT_FDCWD, t.here("two"), sc.AT_SYMLINK_FOLLOW)
    t.equal("kind of the new name", t.kind("two"), "file")
    t.equal("it is the target", t.stat("two").st_ino, t.stat("f").st_ino)
    t.fails("a flag that does not exist", "EINVAL", sc.linkat, sc.AT_FDCWD, t.here("f"), sc.AT_FDCWD, t.here("three"), 0x8000)


def linkat_of_an_open_file_by_an_empty_path(t):
    t.needs_root()
    t.write("f", b"abc")
    with t.opened("f") as fd:
        t.works("AT_EMPTY_PATH", sc.linkat, fd, "", sc.AT_FDCWD, t.here("g"), sc.AT_EMPTY_PATH)
        t.fails("an empty path without it", "ENOENT", sc.linkat, fd, "", sc.AT_FDCWD, t.here("h"), 0)
    t.equal("it is the file", t.stat("g").st_ino, t.stat("f").st_ino)


def linkat_goes_by_its_directories(t):
    one, two = os.open(t.mkdir("one"), os.O_RDONLY), os.open(t.mkdir("two"), os.O_RDONLY)
    t.write("one/f", b"abc")
    t.works("between directories", os.link, "f", "g", src_dir_fd=one, dst_dir_fd=two)
    t.content("between directories", "two/g", b"abc")
    t.equal("nlink", t.stat("one/f").st_nlink, 2)


def link_marks_ctime_and_the_new_directory(t):
    t.write("f", b"abc")
    t.mkdir("d")
    before, old = t.tick(), t.stat("f")
    os.link(t.here("f"), t.here("d/f"))
    t.true("ctime of the file", t.stat("f").st_ctime_ns >= before)
    t.equal("mtime of the file", t.stat("f").st_mtime_ns, old.st_mtime_ns)
    t.true("mtime of the directory", t.stat("d").st_mtime_ns >= before)
    t.true("ctime of the directory", t.stat("d").st_ctime_ns >= before)


def many_names_are_counted(t):
    t.write("f", b"abc")
    for n in range(1, 101):
        os.link(t.here("f"), t.here(f"l{n}"))
    t.equal("nlink with 100 more", t.stat("f").st_nlink, 101)
    t.equal("all have one inode", len({t.stat(name).st_ino for name in t.names()}), 1)
    for n in range(1, 101):
        os.unlink(t.here(f"l{n}"))
    t.equal("nlink without them", t.stat("f").st_nlink, 1)


def link_wants_the_right_to_write_in_the_directory(t):
    t.needs_callers()
    t.write("f", b"abc")
    os.chown(t.here("f"), ALICE.uid, ALICE.gid)
    for mode, expected in ((0o777, "ok"), (0o775, "EACCES"), (0o776, "EACCES"), (0o773, "ok")):
        t.mkdir(f"d{mode:o}", mode)
        t.equal(f"into a directory of mode {mode:o}", in_child(lambda: outcome(os.link, t.here("f"), t.here(f"d{mode:o}/l")), ALICE), expected)


def a_protected_hard_link_wants_the_owner(t):
    t.needs_callers()
    with open("/proc/sys/fs/protected_hardlinks", encoding="ascii") as f:
        protected = f.read().strip() == "1"
    t.mkdir("d", 0o777)
    for mode, stranger in ((0o644, "EPERM"), (0o666, "ok"), (0o600, "EPERM")):
        t.write(f"f{mode:o}", b"abc", mode)
        os.chown(t.here(f"f{mode:o}"), ALICE.uid, ALICE.gid)
        t.equal(f"mode {mode:o} by the owner", in_child(lambda: outcome(os.link, t.here(f"f{mode:o}"), t.here(f"d/a{mode:o}")), ALICE), "ok")
        t.equal(f"mode {mode:o} by another", in_child(lambda: outcome(os.link, t.here(f"f{mode:o}"), t.here(f"d/b{mode:o}")), BOB),
                stranger if protected else "ok")
