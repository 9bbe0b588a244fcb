"""Extended attributes: Linux xattr(7), setxattr(2), getxattr(2), listxattr(2), removexattr(2)."""
import os
import struct

from fixture import ALICE, BOB, in_child, outcome
import syscalls as sc

CREATE, REPLACE = os.XATTR_CREATE, os.XATTR_REPLACE


def values_are_kept(t):
    for kind in ("file", "dir"):
        path = t.make(kind, kind)
        for what, value in (("nothing", b""), ("a word", b"word"), ("all bytes", bytes(range(256))), ("zeros", bytes(10)), ("3000 bytes", os.urandom(3000))):
            t.works(f"{what} on a {kind}", os.setxattr, path, "user.a", value)
            t.true(f"value of {what} on a {kind}", os.getxattr(t.there(kind), "user.a") == value)
        t.equal(f"names on a {kind}", os.listxattr(t.there(kind)), ["user.a"])


def values_of_many_sizes_are_kept(t):
    t.write("f")
    for size in (1, 16, 100, 255, 256, 1023, 1024, 2048, 3500):
        value = os.urandom(size)
        os.setxattr(t.here("f"), "user.a", value)
        t.true(f"{size} bytes", os.getxattr(t.there("f"), "user.a") == value)


def create_and_replace(t):
    t.write("f")
    t.fails("REPLACE of what is missing", "ENODATA", os.setxattr, t.here("f"), "user.a", b"1", REPLACE)
    t.works("CREATE of what is missing", os.setxattr, t.here("f"), "user.a", b"2", CREATE)
    t.equal("value", os.getxattr(t.there("f"), "user.a"), b"2")
    t.fails("CREATE of what is there", "EEXIST", os.setxattr, t.here("f"), "user.a", b"3", CREATE)
    t.equal("value stays", os.getxattr(t.there("f"), "user.a"), b"2")
    t.works("REPLACE of what is there", os.setxattr, t.here("f"), "user.a", b"4", REPLACE)
    t.equal("new value", os.getxattr(t.there("f"), "user.a"), b"4")
    t.fails("a flag that does not exist", "EINVAL", os.setxattr, t.here("f"), "user.a", b"5", 8)


def many_names_are_listed(t):
    t.write("f")
    names = [f"user.name{n}" for n in range(40)]
    for name in names:
        os.setxattr(t.here("f"), name, name.encode())
    t.equal("names", sorted(os.listxattr(t.there("f"))), sorted(names))
    t.equal("values", [os.getxattr(t.there("f"), n).decode() for n in names], names)
    for name in names[::2]:
        os.removexattr(t.here("f"), name)
    t.equal("names after half were removed", sorted(os.listxattr(t.there("f"))), sorted(names[1::2]))


def a_removed_name_is_gone(t):
    t.write("f")
    os.setxattr(t.here("f"), "user.a", b"1")
    t.works("removexattr", os.removexattr, t.here("f"), "user.a")
    t.fails("getxattr", "ENODATA", os.getxattr, t.there("f"), "user.a")
    t.fails("removexattr again", "ENODATA", os.removexattr, t.here("f"), "user.a")
    t.equal("names", os.listxattr(t.there("f")), [])


def a_small_buffer_is_erange(t):
    t.write("f")
    os.setxattr(t.here("f"), "user.a", b"0123456789")
    t.equal("size asked", sc.getxattr(t.there("f"), "user.a", 0), 10)
    t.equal("size with room", sc.getxattr(t.there("f"), "user.a", 10), 10)
    t.equal("size with more room", sc.getxattr(t.there("f"), "user.a", 100), 10)
    t.fails("one byte short", "ERANGE", sc.getxattr, t.there("f"), "user.a", 9)
    t.equal("size of the list asked", sc.listxattr(t.there("f"), 0), 7)
    t.equal("size of the list", sc.listxattr(t.there("f"), 100), 7)
    t.fails("a list one byte short", "ERANGE", sc.listxattr, t.there("f"), 6)


def names_have_limits(t):
    t.write("f")
    longest = "user." + "n" * 250
    t.works("a name of 255 bytes", os.setxattr, t.here("f"), longest, b"1")
    t.equal("its value", os.getxattr(t.there("f"), longest), b"1")
    t.fails("a name of 256 bytes", "ERANGE", os.setxattr, t.here("f"), longest + "n", b"1")
    t.fails("no name", "ERANGE", os.setxattr, t.here("f"), "", b"1")
    t.fails("a namespace without a name", "EINVAL", os.setxattr, t.here("f"), "user.", b"1")
    t.fails("a value over 64 KiB", "E2BIG", os.setxattr, t.here("f"), "user.big", bytes(65537))
    t.equal("names", os.listxattr(t.there("f")), [longest])


def namespaces_that_do_not_exist_are_refused(t):
    t.write("f")
    for name in ("name", "nospace.name", "User.name", "os2.a", "system.nothing"):
        t.fails(f"set {name}", "EOPNOTSUPP", os.setxattr, t.here("f"), name, b"1")
        t.fails(f"get {name}", "EOPNOTSUPP", os.getxattr, t.there("f"), name)
        t.fails(f"remove {name}", "EOPNOTSUPP", os.removexattr, t.here("f"), name)


def names_are_told_apart_by_every_byte(t):
    t.write("f")
    names = ["user.a", "user.A", "user.a.b", "user. ", "user.ü", "user.a\n", "user.user.a"]
    for n, name in enumerate(names):
        os.setxattr(t.here("f"), name, b"%d" % n)
    t.equal("values", [os.getxattr(t.there("f"), n) for n in names], [b"%d" % n for n in range(len(names))])


def user_attributes_are_for_files_and_directories(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        allowed = kind in ("file", "dir")
        t.equal(f"set on a {kind}", outcome(os.setxattr, path, "user.a", b"1", follow_symlinks=False), "ok" if allowed else "EPERM")
        t.equal(f"get from a {kind}", outcome(os.getxattr, t.there(kind), "user.a", follow_symlinks=False), "ok" if allowed else "ENODATA")


def trusted_attributes_are_for_root_and_every_kind(t):
    t.needs_root()
    for kind in t.kinds():
        path = t.make(kind, kind)
        t.works(f"set on a {kind}", os.setxattr, path, "trusted.a", kind.encode(), follow_symlinks=False)
        t.equal(f"get from a {kind}", os.getxattr(t.there(kind), "trusted.a", follow_symlinks=False), kind.encode())
        t.equal(f"list of a {kind}", os.listxattr(t.there(kind), follow_symlinks=False), ["trusted.a"])
        t.works(f"remove from a {kind}", os.removexattr, path, "trusted.a", follow_symlinks=False)


def trusted_attributes_are_not_for_others(t):
    t.needs_callers()
    t.write("f")
    os.chown(t.here("f"), ALICE.uid, ALICE.gid)
    os.setxattr(t.here("f"), "trusted.a", b"1")
    os.setxattr(t.here("f"), "user.a", b"1")
    t.equal("set by the owner", in_child(lambda: outcome(os.setxattr, t.here("f"), "trusted.b", b"1"), ALICE), "EPERM")
    t.equal("get by the owner", in_child(lambda: outcome(os.getxattr, t.there("f"), "trusted.a"), ALICE), "ENODATA")
    t.equal("remove by the owner", in_child(lambda: outcome(os.removexattr, t.here("f"), "trusted.a"), ALICE), "EPERM")
    t.equal("it stays", os.getxattr(t.there("f"), "trusted.a"), b"1")


def trusted_attributes_are_not_listed_to_others(t):
    t.needs_callers()
    t.write("f")
    os.setxattr(t.here("f"), "trusted.a", b"1")
    os.setxattr(t.here("f"), "user.a", b"1")
    t.equal("list of another", in_child(lambda: os.listxattr(t.there("f")), ALICE), ["user.a"])
    t.equal("list of root", sorted(os.listxattr(t.there("f"))), ["trusted.a", "user.a"])


def security_attributes_are_kept(t):
    t.needs_root()
    t.write("f")
    t.works("set", os.setxattr, t.here("f"), "security.test", b"1")
    t.equal("get", os.getxattr(t.there("f"), "security.test"), b"1")
    t.works("remove", os.removexattr, t.here("f"), "security.test")


CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)  # revision 2, effective: CAP_NET_BIND_SERVICE


def capabilities_are_kept(t):
    t.needs_root()
    t.write("f", b"abc", 0o755)
    t.works("set", os.setxattr, t.here("f"), "security.capability", CAPABILITY)
    t.equal("get", os.getxattr(t.there("f"), "security.capability"), CAPABILITY)


def capabilities_go_with_a_write_and_a_new_owner(t):
    t.needs_root()
    for what, act in (("a write", lambda: t.write("f", b"new", 0o755)), ("chown", lambda: os.chown(t.here("f"), 7, 8)), ("truncate", lambda: os.truncate(t.here("f"), 1))):
        t.write("f", b"abc", 0o755)
        t.works(f"set before {what}", os.setxattr, t.here("f"), "security.capability", CAPABILITY)
        act()
        t.fails(f"get after {what}", "ENODATA", os.getxattr, t.there("f"), "security.capability")


def rights_of_the_file_hold(t):
    t.needs_callers()
    for mode, reads, writes in ((0o666, "ok", "ok"), (0o644, "ok", "EACCES"), (0o622, "EACCES", "ok"), (0o600, "EACCES", "EACCES")):
        t.write("f", b"", mode)
        os.setxattr(t.here("f"), "user.a", b"1")
        t.equal(f"get with mode {mode:o}", in_child(lambda: outcome(os.getxattr, t.there("f"), "user.a"), BOB), reads)
        t.equal(f"set with mode {mode:o}", in_child(lambda: outcome(os.setxattr, t.here("f"), "user.a", b"2"), BOB), writes)
        t.equal(f"remove with mode {mode:o}", in_child(lambda: outcome(os.removexattr, t.here("f"), "user.a"), BOB), writes)
        t.equal(f"list with mode {mode:o}", in_child(lambda: outcome(os.listxattr, t.there("f")), BOB), "ok")


def a_sticky_directory_keeps_its_user_attributes_for_its_owner(t):
    t.needs_callers()
    t.mkdir("d")
    os.chmod(t.here("d"), 0o1777)
    t.equal("set by another", in_child(lambda: outcome(os.setxattr, t.here("d"), "user.a", b"1"), BOB), "EPERM")


def a_link_is_followed_unless_told(t):
    t.needs_root()
    t.write("f")
    os.symlink("f", t.here("l"))
    os.setxattr(t.here("l"), "user.a", b"1")
    t.equal("on the target", os.getxattr(t.there("f"), "user.a"), b"1")
    os.setxattr(t.here("l"), "trusted.l", b"2", follow_symlinks=False)
    t.equal("on the link", os.listxattr(t.there("l"), follow_symlinks=False), ["trusted.l"])
    t.equal("on the target still", os.listxattr(t.there("f")), ["user.a"])


def an_open_file_by_its_descriptor(t):
    t.write("f")
    with t.opened("f", os.O_RDONLY) as fd:
        t.works("fsetxattr", os.setxattr, fd, "user.a", b"1")
        t.equal("fgetxattr", os.getxattr(fd, "user.a"), b"1")
        t.equal("flistxattr", os.listxattr(fd), ["user.a"])
        t.equal("by the name", os.getxattr(t.there("f"), "user.a"), b"1")
        t.works("fremovexattr", os.removexattr, fd, "user.a")
    t.equal("names", os.listxattr(t.there("f")), [])


def they_go_with_the_file_and_not_the_name(t):
    t.write("f")
    os.setxattr(t.here("f"), "user.a", b"1")
    os.link(t.here("f"), t.here("g"))
    t.equal("by another name", os.getxattr(t.there("g"), "user.a"), b"1")
    os.rename(t.here("f"), t.here("h"))
    t.equal("after rename", os.getxattr(t.there("h"), "user.a"), b"1")
    t.write("f")
    t.equal("a new file of the old name has none", os.listxattr(t.there("f")), [])
    os.rename(t.here("f"), t.here("h"))
    t.equal("a replaced name has those of the new file", os.listxattr(t.there("h")), [])


def of_what_is_missing(t):
    t.write("f")
    for name, call in {"getxattr": lambda p: os.getxattr(p, "user.a"), "setxattr": lambda p: os.setxattr(p, "user.a", b""), "listxattr": os.listxattr,
                       "removexattr": lambda p: os.removexattr(p, "user.a")}.items():
        t.fails(f"{name} of a missing name", "ENOENT", call, t.here("missing"))
        t.fails(f"{name} below a file", "ENOTDIR", call, t.here("f/x"))


def they_leave_content_and_mode(t):
    t.write("f", b"abc", 0o640)
    os.setxattr(t.here("f"), "user.a", b"1")
    t.content("after setxattr", "f", b"abc")
    t.mode("after setxattr", "f", 0o640)
