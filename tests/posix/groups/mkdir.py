"""mkdir and rmdir: POSIX.1-2017 mkdir(), rmdir(), Linux mkdir(2), rmdir(2)."""
import os

import syscalls as sc


def mkdir_makes_an_empty_directory(t):
    t.works("mkdir", os.mkdir, t.here("d"), 0o750)
    t.equal("kind", t.kind("d"), "dir")
    t.mode("mkdir", "d", 0o750)
    t.equal("names in it", t.names("d"), [])
    t.equal("names beside it", t.names(), ["d"])
    t.equal("owner", t.stat("d").st_uid, os.geteuid())


def mkdir_refuses_every_kind_that_exists(t):
    for kind in t.kinds():
        t.fails(f"mkdir of a {kind}", "EEXIST", os.mkdir, t.make(kind, kind))
        t.equal(f"the {kind} stays", t.kind(kind), kind)
    t.absent("a dangling link is not followed", "nowhere")


def mkdir_wants_its_parent(t):
    t.write("f")
    t.fails("in a missing directory", "ENOENT", os.mkdir, t.here("d/e"))
    t.fails("below a file", "ENOTDIR", os.mkdir, t.here("f/e"))
    t.fails("an empty path", "ENOENT", os.mkdir, "")
    t.absent("the parent is not made", "d")


def mkdir_of_dot_and_dotdot_is_eexist(t):
    t.mkdir("d")
    for name in (".", "..", "d/.", "d/..", "/"):
        t.fails(f"mkdir of {name}", "EEXIST", os.mkdir, t.here(name) if name != "/" else name)


def mkdir_takes_a_trailing_slash(t):
    t.works("mkdir of d/", os.mkdir, t.here("d/"))
    t.equal("kind", t.kind("d"), "dir")
    t.works("mkdir of e//", os.mkdir, t.here("e//"))
    t.equal("kind", t.kind("e"), "dir")


def mkdir_with_a_slash_does_not_follow_a_dangling_link(t):
    os.symlink("target", t.here("l"))
    t.fails("mkdir of l/", "EEXIST|ENOENT", os.mkdir, t.here("l/"))
    t.absent("the target", "target")


def mkdirat_goes_by_its_directory(t):
    fd = os.open(t.mkdir("d"), os.O_RDONLY)
    t.works("mkdirat", os.mkdir, "e", 0o755, dir_fd=fd)
    t.equal("below the directory", t.kind("d/e"), "dir")
    t.works("with an absolute path", os.mkdir, t.here("f"), 0o755, dir_fd=fd)
    t.equal("by the absolute path", t.kind("f"), "dir")
    t.write("file")
    with t.opened("file") as other:
        t.fails("a descriptor of a file", "ENOTDIR", os.mkdir, "x", dir_fd=other)
    t.fails("no descriptor", "EBADF", os.mkdir, "x", dir_fd=999)


def directories_go_deep(t):
    path = "d"
    for n in range(30):
        os.mkdir(t.here(path))
        path += f"/{n}"
    t.write(path, b"deep")
    t.content("30 deep", path, b"deep")


def rmdir_removes_an_empty_directory(t):
    t.mkdir("d")
    t.works("rmdir", os.rmdir, t.here("d"))
    t.absent("rmdir", "d")
    t.equal("names left", t.names(), [])


def rmdir_refuses_a_directory_with_anything_in_it(t):
    for kind in t.kinds():
        t.mkdir(f"d{kind}")
        t.make(kind, f"d{kind}/x")
        t.fails(f"with a {kind} in it", "ENOTEMPTY", os.rmdir, t.here(f"d{kind}"))
        t.equal(f"the {kind} in it stays", t.kind(f"d{kind}/x"), kind)


def rmdir_works_once_the_directory_is_emptied(t):
    t.mkdir("d")
    t.write("d/f")
    t.mkdir("d/e")
    os.unlink(t.here("d/f"))
    t.fails("with one of two left", "ENOTEMPTY", os.rmdir, t.here("d"))
    os.rename(t.here("d/e"), t.here("e"))
    t.works("after the other was moved away", os.rmdir, t.here("d"))
    t.absent("rmdir", "d")


def rmdir_wants_a_directory(t):
    for kind in t.kinds():
        if kind != "dir":
            t.fails(f"rmdir of a {kind}", "ENOTDIR", os.rmdir, t.make(kind, kind))
            t.equal(f"the {kind} stays", t.kind(kind), kind)
    t.fails("rmdir of a missing name", "ENOENT", os.rmdir, t.here("missing"))


def rmdir_does_not_follow_a_link(t):
    t.mkdir("d")
    os.symlink("d", t.here("l"))
    t.fails("rmdir of a link", "ENOTDIR", os.rmdir, t.here("l"))
    t.fails("rmdir of a link with a slash", "ENOTDIR", os.rmdir, t.here("l/"))
    t.equal("the directory stays", t.kind("d"), "dir")


def rmdir_of_dot_and_dotdot_is_refused(t):
    t.mkdir("d")
    t.mkdir("d/e")
    t.fails("rmdir of .", "EINVAL", os.rmdir, t.here("d/e/."))
    t.fails("rmdir of ..", "ENOTEMPTY", os.rmdir, t.here("d/e/.."))
    t.fails("rmdir of the root", "EBUSY", os.rmdir, "/")
    t.equal("the directory stays", t.kind("d/e"), "dir")


def rmdir_takes_a_trailing_slash(t):
    t.mkdir("d")
    t.works("rmdir of d/", os.rmdir, t.here("d/"))
    t.absent("rmdir of d/", "d")


def unlinkat_removes_a_directory_only_if_told(t):
    fd = os.open(t.mkdir("d"), os.O_RDONLY)
    t.mkdir("d/e")
    t.write("d/f")
    t.fails("without AT_REMOVEDIR", "EISDIR", sc.unlinkat, fd, "e", 0)
    t.fails("a file with AT_REMOVEDIR", "ENOTDIR", sc.unlinkat, fd, "f", sc.AT_REMOVEDIR)
    t.fails("a flag that does not exist", "EINVAL", sc.unlinkat, fd, "f", 0x4000)
    t.works("with AT_REMOVEDIR", sc.unlinkat, fd, "e", sc.AT_REMOVEDIR)
    t.works("a file without it", sc.unlinkat, fd, "f", 0)
    t.equal("names left", t.names("d"), [])


def a_name_can_be_made_and_removed_again_and_again(t):
    for n in range(10):
        os.mkdir(t.here("d"))
        t.equal(f"made, round {n}", t.kind("d"), "dir")
        os.rmdir(t.here("d"))
        t.absent(f"removed, round {n}", "d")


def a_name_can_change_its_kind(t):
    for kind in t.kinds() + t.kinds()[::-1]:
        path = t.make(kind, "x")
        t.equal(f"as a {kind}", t.kind("x"), kind)
        (os.rmdir if kind == "dir" else os.unlink)(path)
        t.absent(f"after a {kind}", "x")
