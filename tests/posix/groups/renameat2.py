"""renameat2 and its flags: Linux rename(2)."""
import os

from fixture import outcome
from syscalls import RENAME_EXCHANGE, RENAME_NOREPLACE, RENAME_WHITEOUT, renameat2


def without_flags_it_is_rename(t):
    t.write("a", b"abc")
    t.write("b", b"old")
    t.works("renameat2 without flags", renameat2, t.here("a"), t.here("b"), 0)
    t.content("the new name", "b", b"abc")
    t.absent("the old name", "a")


def noreplace_takes_a_free_name(t):
    for kind in t.kinds():
        t.make(kind, kind)
        t.works(f"NOREPLACE of a {kind}", renameat2, t.here(kind), t.here(f"{kind}2"), RENAME_NOREPLACE)
        t.equal(f"the {kind}", t.kind(f"{kind}2"), kind)
        t.absent("the old name", kind)


def noreplace_refuses_every_kind_that_exists(t):
    t.write("f", b"abc")
    for kind in t.kinds():
        path = t.make(kind, kind)
        t.fails(f"NOREPLACE over a {kind}", "EEXIST", renameat2, t.here("f"), path, RENAME_NOREPLACE)
        t.equal(f"the {kind} stays", t.kind(kind), kind)
    t.content("the file stays", "f", b"abc")
    t.fails("NOREPLACE over itself", "EEXIST", renameat2, t.here("f"), t.here("f"), RENAME_NOREPLACE)


def noreplace_of_what_is_missing_is_enoent(t):
    t.fails("NOREPLACE of a missing name", "ENOENT", renameat2, t.here("a"), t.here("b"), RENAME_NOREPLACE)


def exchange_trades_every_kind_with_every_other(t):
    for one in t.kinds():
        for two in t.kinds():
            a, b = f"{one}-{two}-a", f"{one}-{two}-b"
            t.make(one, a)
            t.make(two, b)
            inodes = t.stat(a).st_ino, t.stat(b).st_ino
            t.works(f"EXCHANGE of a {one} and a {two}", renameat2, t.here(a), t.here(b), RENAME_EXCHANGE)
            t.equal(f"a {one} and a {two} afterwards", (t.stat(b).st_ino, t.stat(a).st_ino), inodes)


def exchange_trades_full_directories(t):
    for name in ("a", "b"):
        t.mkdir(name)
        t.mkdir(f"{name}/d")
        t.write(f"{name}/d/f", name.encode())
    t.works("EXCHANGE", renameat2, t.here("a"), t.here("b"), RENAME_EXCHANGE)
    t.content("first", "a/d/f", b"b")
    t.content("second", "b/d/f", b"a")
    t.works("EXCHANGE across depths", renameat2, t.here("a/d/f"), t.here("b/d"), RENAME_EXCHANGE)
    t.equal("the directory is deeper", t.kind("a/d/f"), "dir")
    t.content("what was in it", "a/d/f/f", b"a")
    t.content("the file is higher", "b/d", b"b")
    t.equal("'..' of the moved directory", os.lstat(t.there("a/d/f/..")).st_ino, t.stat("a/d").st_ino)
    t.equal("link counts of the parents", (t.stat("a/d").st_nlink, t.stat("b").st_nlink), (3, 2))


def exchange_wants_both(t):
    t.write("a", b"abc")
    t.fails("EXCHANGE with a missing name", "ENOENT", renameat2, t.here("a"), t.here("b"), RENAME_EXCHANGE)
    t.fails("EXCHANGE of a missing name", "ENOENT", renameat2, t.here("b"), t.here("a"), RENAME_EXCHANGE)
    t.content("it stays", "a", b"abc")


def exchange_with_a_directory_above_is_einval(t):
    t.mkdir("a")
    t.mkdir("a/b")
    t.fails("EXCHANGE with what is in it", "EINVAL", renameat2, t.here("a"), t.here("a/b"), RENAME_EXCHANGE)
    t.fails("EXCHANGE with what it is in", "EINVAL", renameat2, t.here("a/b"), t.here("a"), RENAME_EXCHANGE)


def exchange_marks_both(t):
    t.mkdir("d")
    t.write("d/a", b"a")
    t.mkdir("e")
    t.write("e/b", b"b")
    before = t.tick()
    t.works("EXCHANGE", renameat2, t.here("d/a"), t.here("e/b"), RENAME_EXCHANGE)
    for name in ("d", "e"):
        t.true(f"mtime of {name}", t.stat(name).st_mtime_ns >= before)
        t.true(f"ctime of {name}", t.stat(name).st_ctime_ns >= before)
    for name in ("d/a", "e/b"):
        t.true(f"ctime of {name}", t.stat(name).st_ctime_ns >= before)
        t.true(f"mtime of {name} is not marked", t.stat(name).st_mtime_ns < before)


def exchange_of_two_names_of_one_file_changes_nothing(t):
    t.write("a", b"abc")
    os.link(t.here("a"), t.here("b"))
    t.works("EXCHANGE of two names of a file", renameat2, t.here("a"), t.here("b"), RENAME_EXCHANGE)
    t.equal("names", t.names(), ["a", "b"])
    t.equal("nlink", t.stat("a").st_nlink, 2)


def flags_that_do_not_go_together_are_einval(t):
    t.write("a", b"a")
    t.write("b", b"b")
    for name, flags in (("NOREPLACE and EXCHANGE", RENAME_NOREPLACE | RENAME_EXCHANGE), ("EXCHANGE and WHITEOUT", RENAME_EXCHANGE | RENAME_WHITEOUT),
                        ("a flag that does not exist", 0x100)):
        t.equal(name, outcome(renameat2, t.here("a"), t.here("b"), flags), "EINVAL")
    t.content("first", "a", b"a")
    t.content("second", "b", b"b")
