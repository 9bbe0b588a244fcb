"""symlink and readlink: POSIX.1-2017 symlink(), readlink(), Linux symlink(2), readlink(2), symlink(7)."""
import os

from fixture import ALICE, in_child, outcome


def the_target_is_kept_as_it_was_given(t):
    targets = ["a", "/", "..", "./././x", "a//b/", "/no/such/path", " ", "line\nbreak", "ü", "x" * 255, "a/" * 500, "*?[]\\'\""]
    for n, target in enumerate(targets):
        t.works(f"symlink to {target[:20]!r}", os.symlink, target, t.here(f"l{n}"))
        t.equal(f"readlink of {target[:20]!r}", os.readlink(t.there(f"l{n}")), target)
        t.equal(f"size of a link to {target[:20]!r}", t.size(f"l{n}"), len(os.fsencode(target)))


def a_target_of_4095_bytes_is_kept(t):
    target = "x/" * 2047 + "x"
    t.works("symlink to 4095 bytes", os.symlink, target, t.here("l"))
    t.true("readlink of 4095 bytes", os.readlink(t.there("l")) == target)
    t.equal("size", t.size("l"), 4095)
    t.fails("symlink to 4096 bytes", "ENAMETOOLONG", os.symlink, target + "y", t.here("m"))
    t.absent("symlink to 4096 bytes", "m")


def a_target_need_not_be_utf_8(t):
    os.symlink(b"\xff\xfe/\x80", os.fsencode(t.here("l")))
    t.equal("readlink", os.readlink(os.fsencode(t.there("l"))), b"\xff\xfe/\x80")


def an_empty_target_is_enoent(t):
    t.fails("symlink to nothing", "ENOENT", os.symlink, "", t.here("l"))
    t.absent("symlink to nothing", "l")


def symlink_refuses_every_kind_that_exists(t):
    for kind in t.kinds():
        t.fails(f"symlink over a {kind}", "EEXIST", os.symlink, "x", t.make(kind, kind))
        t.equal(f"the {kind} stays", t.kind(kind), kind)


def symlink_wants_its_parent(t):
    t.write("f")
    t.fails("in a missing directory", "ENOENT", os.symlink, "x", t.here("d/l"))
    t.fails("below a file", "ENOTDIR", os.symlink, "x", t.here("f/l"))
    t.fails("with a slash", "ENOENT", os.symlink, "x", t.here("l/"))


def readlink_wants_a_link(t):
    for kind in t.kinds():
        if kind != "symlink":
            t.make(kind, kind)
            t.fails(f"readlink of a {kind}", "EINVAL", os.readlink, t.there(kind))
    t.fails("readlink of a missing name", "ENOENT", os.readlink, t.there("missing"))
    t.fails("readlink below a file", "ENOTDIR", os.readlink, t.there("file/x"))


def a_link_is_followed_by_what_follows(t):
    t.write("f", b"abc", 0o640)
    os.symlink("f", t.here("l"))
    t.content("read", "l", b"abc")
    t.equal("stat", os.stat(t.there("l")).st_size, 3)
    os.chmod(t.here("l"), 0o600)
    t.mode("chmod", "f", 0o600)
    with t.opened("l", os.O_WRONLY | os.O_TRUNC) as fd:
        os.write(fd, b"new")
    t.content("open for writing", "f", b"new")
    os.utime(t.here("l"), ns=(10**18, 10**18))
    t.equal("utime", t.stat("f").st_mtime_ns, 10**18)
    t.true("the link has its own time", t.stat("l").st_mtime_ns != 10**18)
    t.equal("access", os.access(t.there("l"), os.R_OK), True)


def a_link_is_not_followed_by_what_does_not(t):
    t.write("f", b"abc")
    os.symlink("f", t.here("l"))
    t.equal("lstat", t.kind("l"), "symlink")
    os.rename(t.here("l"), t.here("m"))
    t.equal("rename", os.readlink(t.there("m")), "f")
    t.present("the target stays", "f")
    os.unlink(t.here("m"))
    t.present("unlink leaves the target", "f")


def a_dangling_link_is_there_and_leads_nowhere(t):
    os.symlink("target", t.here("l"))
    t.present("lstat", "l")
    t.fails("stat", "ENOENT", os.stat, t.there("l"))
    t.fails("open", "ENOENT", os.open, t.there("l"), os.O_RDONLY)
    t.fails("chmod", "ENOENT", os.chmod, t.here("l"), 0o600)
    t.fails("chdir", "ENOENT", os.chdir, t.there("l"))
    t.write("target", b"now")
    t.content("once the target is there", "l", b"now")


def a_relative_target_goes_by_the_directory_of_the_link(t):
    t.mkdir("d")
    t.mkdir("d/e")
    t.write("d/f", b"in d")
    t.write("f", b"outside")
    for where, target, expected in (("d/l1", "f", b"in d"), ("d/e/l2", "../f", b"in d"), ("d/e/l3", "../../f", b"outside"), ("l4", "d/f", b"in d"),
                                    ("d/l5", "./e/../f", b"in d")):
        os.symlink(target, t.here(where))
        t.content(f"{where} to {target}", where, expected)


def a_link_to_a_directory_serves_as_one(t):
    t.mkdir("d")
    os.symlink("d", t.here("l"))
    t.write("l/f", b"abc")
    t.content("what was made through the link", "d/f", b"abc")
    t.equal("its names", t.names("l"), ["f"])
    t.equal("lstat with a slash is the directory", os.lstat(t.there("l/")).st_ino, t.stat("d").st_ino)
    os.unlink(t.here("l/f"))
    t.equal("after unlink through the link", t.names("d"), [])


def a_replaced_link_leads_to_the_new_target(t):
    t.write("one", b"1")
    t.write("two", b"2")
    os.symlink("one", t.here("l"))
    for target, expected in (("two", b"2"), ("one", b"1"), ("two", b"2")):
        t.content("before", "l", b"1" if expected == b"2" else b"2")
        os.symlink(target, t.here("new"))
        os.rename(t.here("new"), t.here("l"))
        t.content(f"after it leads to {target}", "l", expected)


def the_owner_of_a_link_is_its_maker_and_can_change(t):
    t.needs_callers()
    t.mkdir("d", 0o777)
    in_child(lambda: os.symlink("x", t.here("d/l")), ALICE)
    t.equal("owner", t.stat("d/l").st_uid, ALICE.uid)
    os.chown(t.here("d/l"), 5, 6, follow_symlinks=False)
    t.equal("owner after lchown", (t.stat("d/l").st_uid, t.stat("d/l").st_gid), (5, 6))
    t.equal("another reads it", in_child(lambda: outcome(os.readlink, t.there("d/l")), ALICE), "ok")
